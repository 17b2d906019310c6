"""Time limits on the script's own connection: how long it waits for locks, and how long a statement may take."""

import re
from contextlib import closing, contextmanager, suppress

CONCURRENTLY = re.compile(r"\bconcurrently\b", re.IGNORECASE)
NO_LIMIT_SQLITE = 2**31 - 1


@contextmanager
def limited(connection, preparation):
    """While it lasts, limbec's limits hold on this connection; what a script sets for itself wins from then on."""
    waiting, running = preparation.get("lock_timeout_ms"), preparation.get("statement_timeout_ms")
    dialect = connection.dialect.name
    if dialect == "postgresql":
        settings = {"lock_timeout": waiting, "statement_timeout": running}
        limits = PostgresLimits({name: value for name, value in settings.items() if value is not None})
        with limits.held(connection):
            yield
        return
    if waiting is not None and dialect == "sqlite":
        # A setting of the connection, which needs no transaction and begins none. 0 would be not to wait at all.
        execute(connection, f"PRAGMA busy_timeout = {waiting or NO_LIMIT_SQLITE}")
    elif waiting is not None and dialect in ("mysql", "mariadb"):
        # Whole seconds; 31536000 is the largest value of the first and longer than any run for the second.
        seconds = min(-(-waiting // 1000), 31536000) or 31536000
        execute(connection, f"SET SESSION lock_wait_timeout = {seconds}")
        execute(connection, f"SET SESSION innodb_lock_wait_timeout = {seconds}")
    yield


class PostgresLimits:
    """SET LOCAL at the begin of every transaction: it ends with it, so that a pooler's other clients never meet it.

    Where statements commit by themselves there is no transaction to set it in: the session is given the limits while
    that lasts, unless a pooler is in between, where nobody knows whose session that would be.
    """

    def __init__(self, settings):
        self.settings = settings
        # What the session had and has, by name, while statements commit by themselves; None otherwise.
        self.before = None
        self.ours = {}
        self.lifted = []

    @contextmanager
    def held(self, connection):
        if not self.settings:
            yield
            return
        from sqlalchemy import event

        listeners = [
            ("begin", self.begin),
            ("before_cursor_execute", self.before_cursor_execute),
            ("set_connection_execution_options", self.set_connection_execution_options),
        ]
        for name, listener in listeners:
            event.listen(connection, name, listener)
        try:
            if connection.in_transaction():
                self.begin(connection)
            yield
        finally:
            for name, listener in listeners:
                event.remove(connection, name, listener)
            self.end_session(connection)

    def begin(self, connection):
        if commits_by_itself(connection):
            return
        for name, value in self.settings.items():
            # Not by set_config(): a query would be too late for the script's own SET TRANSACTION.
            execute(connection, f"SET LOCAL {name} = {value}")

    def before_cursor_execute(self, connection, cursor, statement, parameters, context, executemany):
        if not commits_by_itself(connection):
            return
        if self.before is None:
            self.begin_session(connection)
        if CONCURRENTLY.search(statement):
            self.lift(connection)
        else:
            self.restore(connection)

    def set_connection_execution_options(self, connection, options):
        if "isolation_level" in options and commits_by_itself(connection):
            self.end_session(connection)

    def begin_session(self, connection):
        self.before, self.ours = {}, {}
        if behind_pooler(connection):
            return
        for name, value in self.settings.items():
            self.before[name] = show(connection, name)
            execute(connection, f"SET {name} = {value}")
            self.ours[name] = show(connection, name)

    def lift(self, connection):
        """No limit for a concurrent build: waiting, it blocks nobody, and cut short it leaves an invalid index."""
        for name in set(self.ours) - set(self.lifted):
            if show(connection, name) == self.ours[name]:  # or else the script has chosen one
                execute(connection, f"SET {name} = 0")
                self.lifted.append(name)

    def restore(self, connection):
        for name in self.lifted:
            execute(connection, f"SET {name} = '{self.ours[name]}'")
        self.lifted = []

    def end_session(self, connection):
        if self.before is None:
            return
        before, self.before = self.before, None
        with suppress(Exception):  # the connection is gone, and its settings with it
            self.restore(connection)
            for name, value in before.items():
                if show(connection, name) == self.ours[name]:
                    execute(connection, f"SET {name} = '{value}'")


def commits_by_itself(connection):
    """Whether the driver is in its autocommit mode, by SQLAlchemy's isolation level or otherwise."""
    return getattr(connection.connection, "autocommit", None) is True


def execute(connection, statement):
    """On the driver's own cursor: SQLAlchemy would begin a transaction for it, and tell the project's listeners."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(statement)


def show(connection, name):
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(f"SHOW {name}")
        return cursor.fetchone()[0]


def behind_pooler(connection):
    """A pooler makes up the process id that the driver is told of."""
    told = told_process(connection)
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("SELECT pg_catalog.pg_backend_pid()")
        return cursor.fetchone()[0] != told


def told_process(connection):
    """The server's process id as it was said when the connection was made; None where the driver does not keep it."""
    pooled = connection.connection
    driver = getattr(pooled, "driver_connection", None) or pooled.connection
    with suppress(AttributeError):
        return driver.info.backend_pid  # psycopg, psycopg2
    with suppress(AttributeError):
        return driver.get_server_pid()  # asyncpg
    with suppress(AttributeError):
        return int.from_bytes(driver._backend_key_data[:4], "big")  # pg8000
    return None
