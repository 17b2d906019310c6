"""``probe``: runs env.py without a database, to see what it would connect to and how it configures Alembic."""
