"""The transaction modes that limbec can ask for, whatever env.py says."""

from .refusal import TransactionModeRefused

PER_REVISION = "per-revision"
PER_RUN = "per-run"


def prepare(connection, mode):
    """Options for ``context.configure`` that give this connection that mode; sees to it that SQLite really obeys."""
    per_revision = mode == PER_REVISION
    if per_revision and connection.in_transaction():
        raise TransactionModeRefused(
            "env.py gives Alembic a connection that is already in a transaction, so one transaction a revision is not "
            "possible; nothing was run. In env.py use connect() instead of begin(), and commit what is executed "
            "before context.configure(); or choose the mode per-run."
        )
    options = {"transaction_per_migration": per_revision}
    if connection.dialect.name == "sqlite":
        begin_in_earnest(connection)
        options["transactional_ddl"] = True
    return options


def begin_in_earnest(connection):
    """pysqlite begins a transaction only before INSERT, UPDATE and DELETE, so that DDL would commit at once.

    Emitting BEGIN when SQLAlchemy begins is enough: Python's sqlite3 sees that a transaction is open, adds none, and
    commits or rolls back the one there is. Its ``isolation_level`` is left alone: SQLAlchemy takes None for autocommit.
    """
    from sqlalchemy import event

    def emit_begin(conn):
        if conn.get_execution_options().get("isolation_level") != "AUTOCOMMIT" and not driver_in_transaction(conn):
            conn.exec_driver_sql("BEGIN")

    if connection.in_transaction():
        emit_begin(connection)
    event.listen(connection, "begin", emit_begin)


def driver_in_transaction(connection):
    pooled = connection.connection
    driver = getattr(pooled, "dbapi_connection", None) or pooled
    driver = getattr(driver, "driver_connection", None) or driver
    return bool(getattr(driver, "in_transaction", False))
