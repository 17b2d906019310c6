"""Notices when a part of the running step is committed before its end: from then on it must not be run again."""

import re
from contextlib import contextmanager

from .limits import CONCURRENTLY, commits_by_itself

SETTING = re.compile(r"\s*(SHOW|SET|RESET|PRAGMA)\b", re.IGNORECASE)
READING = re.compile(r"\s*SELECT\b", re.IGNORECASE)
ENDING = re.compile(r"\s*(COMMIT|END|PREPARE\s+TRANSACTION)\b", re.IGNORECASE)


class CommitWatch:
    """Listens to every connection of the process: a script may have made one of its own."""

    def __init__(self, session, migration):
        self.session = session
        self.transactional = migration.impl.transactional_ddl
        # The step that runs, until a part of it is committed or all of it is done.
        self.step = None
        self.is_pending = False

    def step_began(self, index):
        self.step, self.is_pending = index, False

    def step_applied(self):
        self.step = None

    @contextmanager
    def listening(self):
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        listeners = [
            ("before_cursor_execute", self.before_cursor_execute),
            ("after_cursor_execute", self.after_cursor_execute),
            ("commit", self.commit),
        ]
        for name, listener in listeners:
            event.listen(Engine, name, listener)
        try:
            yield
        finally:
            self.step = None
            for name, listener in listeners:
                event.remove(Engine, name, listener)

    def before_cursor_execute(self, connection, cursor, statement, parameters, context, executemany):
        if self.step is None:
            return
        if ENDING.match(statement):
            self.commit(connection)
        elif CONCURRENTLY.search(statement) and commits_by_itself(connection):
            self.committed()  # even where it fails, it leaves an index behind

    def after_cursor_execute(self, connection, cursor, statement, parameters, context, executemany):
        if self.step is None or SETTING.match(statement):
            return
        if commits_by_itself(connection):
            self.committed()
        elif not self.transactional or not connection.in_transaction():
            # DDL commits here, on a database without transactional DDL and in SQLAlchemy 1.4's own autocommit mode.
            if not READING.match(statement):
                self.committed()
        else:
            self.is_pending = True

    def commit(self, connection):
        if self.step is not None and self.is_pending:
            self.committed()

    def committed(self):
        index, self.step = self.step, None
        self.session.call("step_committed", {"index": index})
