"""What the Python test suites share: virtualenvs, PostgreSQL, PgBouncer, the binaries under test."""
