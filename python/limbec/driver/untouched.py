"""For dry runs: what env.py itself writes to its database, before any migration, is rolled back."""

import os
from contextlib import closing, contextmanager


@contextmanager
def untouched():
    """While it lasts, commits of what wrote to PostgreSQL are rollbacks, and no empty SQLite file stays behind.

    A commit that wrote nothing is one: SET of a session (a tenant's search_path) would be undone with its transaction.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine
    from sqlalchemy.engine.default import DefaultDialect

    do_commit = DefaultDialect.do_commit
    made = []

    def commit(self, connection):
        if self.name == "postgresql" and has_written(connection):
            connection.rollback()
        else:
            do_commit(self, connection)

    def connecting(dialect, record, arguments, options):
        if dialect.name == "sqlite" and arguments and is_absent(arguments[0]):
            made.append(arguments[0])

    DefaultDialect.do_commit = commit
    event.listen(Engine, "do_connect", connecting)
    try:
        yield
    finally:
        DefaultDialect.do_commit = do_commit
        event.remove(Engine, "do_connect", connecting)
        for path in made:
            if os.path.isfile(path) and os.path.getsize(path) == 0:
                os.unlink(path)


def has_written(connection):
    """PostgreSQL gives a transaction its number when it first writes; in a failed one nothing can be asked."""
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute("SELECT pg_catalog.txid_current_if_assigned()")
            return cursor.fetchone()[0] is not None
    except Exception:
        return True


def is_absent(path):
    return isinstance(path, str) and path != ":memory:" and not path.startswith("file:") and not os.path.exists(path)
