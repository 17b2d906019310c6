"""``seed``: the project's function `seed(connection)` in one transaction with the record that it was run."""

import os
import re
import sys
from contextlib import contextmanager, redirect_stdout

from .modules import extend_path
from .session import resume_collector

# What is no keyword: strings, names in quotes, dollar quotes, comments.
OPAQUE = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|(\$\w*\$).*?\1|--[^\n]*|/\*.*?\*/", re.DOTALL)
# `END` ends a routine's or a trigger's body as well.
BODY = re.compile(r"\bCREATE\b[^;]*\b(?:FUNCTION|PROCEDURE|TRIGGER)\b", re.IGNORECASE)
ENDING = re.compile(
    r"\s*(COMMIT|END|ABORT|PREPARE\s+TRANSACTION|ROLLBACK(?!\s+(?:(?:WORK|TRANSACTION)\s+)?TO\b))\b", re.IGNORECASE
)


def seed(session, request):
    """Whether it was run; what it raises leaves nothing behind."""
    # What a seed prints is none of the command's result.
    with redirect_stdout(sys.stderr):
        return run(request)


def run(request):
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
            with unended(connection):
                function(connection)
            execute(connection, request["after"])
            return True
    finally:
        engine.dispose()


@contextmanager
def unended(connection):
    """Refuses what would end the transaction: what was done before would stay without a record that it was."""
    from alembic import util
    from sqlalchemy import event

    def refuse(how):
        raise util.CommandError(f"it ends its transaction by itself, with {how}: a seed and its record are one")

    def on_commit(_connection):
        refuse("commit()")

    def on_execute(_connection, _cursor, statement, _parameters, _context, _is_many):
        bare = OPAQUE.sub(" '' ", statement)
        found = None if BODY.search(bare) else next(filter(None, map(ENDING.match, bare.split(";"))), None)
        if found:
            refuse(f"`{found[1].upper()}`")

    transaction = connection.get_transaction()
    listeners = {"commit": on_commit, "before_cursor_execute": on_execute}
    for name, listener in listeners.items():
        event.listen(connection, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(connection, name, listener)
    if connection.closed or connection.get_transaction() is not transaction or not transaction.is_active:
        refuse("rollback() or close()")


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
