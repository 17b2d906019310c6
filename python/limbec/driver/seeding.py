"""``seed``: the project's function `seed(connection)` in one transaction with the record that it was run."""

import os

from .modules import extend_path
from .session import resume_collector


def seed(session, request):
    """Whether it was run; what it raises leaves nothing behind."""
    from alembic import util

    extend_path(request["sys_path"])
    module = util.load_python_file(*os.path.split(request["path"]))
    function = getattr(module, "seed", None)
    if not callable(function):
        raise util.CommandError(f"{request['path']} has no function seed(connection)")
    resume_collector()
    engine = make_engine(request["url"])
    try:
        with engine.connect() as connection, connection.begin():
            for statement in request["before"]:
                execute(connection, statement)
            if request["unless"] is not None and execute(connection, request["unless"]).first() is not None:
                return False
            function(connection)
            execute(connection, request["after"])
            return True
    finally:
        engine.dispose()


def execute(connection, statement):
    from sqlalchemy import text

    return connection.execute(text(statement["sql"]), statement["parameters"])


def make_engine(url):
    """Connections without a pool; on SQLite the transaction begins with whatever comes first, DDL included."""
    from sqlalchemy import create_engine, event, pool

    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def leave_transactions_to_sqlalchemy(dbapi_connection, _record):
            dbapi_connection.isolation_level = None

        @event.listens_for(engine, "begin")
        def begin(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
