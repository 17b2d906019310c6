"""Runs the revisions on the database that DATABASE_URL names."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

# Tables for `alembic revision --autogenerate`, where there are models: Base.metadata
target_metadata = None

url = os.environ["DATABASE_URL"]


def run_migrations_offline() -> None:
    """Prints SQL instead of running it."""
    context.configure(url=url, target_metadata=target_metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online() -> None:
    """Runs on a connection of its own."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
