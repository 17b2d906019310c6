"""Runs the revisions of the tenant database of the ledger."""

import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, event, pool
from tenant.models import metadata

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)

url = os.environ.get("LEDGER_TENANT_URL") or config.get_main_option("sqlalchemy.url")


def make_engine():
    """An engine whose transactions hold DDL too, on SQLite as on PostgreSQL.

    Python's sqlite3 begins a transaction for INSERT, UPDATE and DELETE only, so that a failing revision would leave
    its tables behind. Here SQLAlchemy begins it instead, in front of whatever comes first.
    """
    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def leave_transactions_to_sqlalchemy(dbapi_connection, _record):
            dbapi_connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def begin(connection):
            connection.exec_driver_sql("BEGIN")

    return engine


def run_migrations_offline():
    """Print the SQL instead of running it."""
    context.configure(
        url=url,
        target_metadata=metadata,
        literal_binds=True,
        dialect_opts={"paramstyle": "named"},
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    """Run each revision in a transaction of its own: a failure undoes that revision alone."""
    with make_engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
