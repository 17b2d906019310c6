"""The schemas that the scripts' connection looks in, by the setting ``search-path``."""

import re
from contextlib import closing, contextmanager, suppress

from alembic.runtime.migration import MigrationContext

from .limits import commits_by_itself, execute, told_process
from .refusal import SearchPathRefused

PLACEHOLDER = "{schema}"
ENDING = re.compile(r"(^|;)\s*(COMMIT|END|ROLLBACK|ABORT)\b(?!\s+(WORK\s+|TRANSACTION\s+)?TO\b)", re.IGNORECASE)
PLAIN = re.compile(r"[A-Za-z0-9_]")


class SearchPaths:
    """Those of every connection that env.py gives to Alembic while it lasts."""

    def __init__(self, templates, must_exist):
        self.templates = templates
        self.must_exist = must_exist
        self.given = []

    def names(self, dialect, schema):
        if dialect != "postgresql":
            raise SearchPathRefused(
                f"{dialect} has no search_path: leave out `search-path` in limbec's settings for it"
            )
        if not schema:
            raise SearchPathRefused(
                "the setting `search-path` needs a schema for the version table: name it by --schema, LIMBEC_SCHEMA, "
                "`schema` in the settings, or version_table_schema in env.py; nothing was run"
            )
        return [template.replace(PLACEHOLDER, schema) for template in self.templates]

    def give(self, connection, schema):
        """Gives a connection its path, from now on until the end."""
        if not self.templates or any(path.connection is connection for path in self.given):
            return
        path = SearchPath(connection, self.names(connection.dialect.name, schema))
        self.given.append(path)
        path.begin(self.must_exist)

    def emit(self, migration):
        """The same for SQL that is printed: a setting of the session that will run it."""
        if self.templates:
            names = self.names(migration.dialect.name, migration.version_table_schema)
            quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
            migration.impl.static_output(f"SET search_path = {quoted};")

    @contextmanager
    def lasting(self):
        block = MigrationContext.autocommit_block

        def guarded_block(migration):
            for path in self.given:
                path.check_block(migration.connection)
            return block(migration)

        if self.templates:
            MigrationContext.autocommit_block = guarded_block
        try:
            yield
        finally:
            MigrationContext.autocommit_block = block
            for path in self.given:
                path.end()


class SearchPath:
    """SET for the session, now and at the begin of every transaction: it holds in autocommit blocks, and after a COMMIT
    that a script sends itself. Who had it before gets it back.

    Behind a pooler nobody knows whose session that would be: there it is SET LOCAL in every transaction, and what would
    run outside of one is refused. It would go wherever another client's path leads.
    """

    def __init__(self, connection, names):
        self.connection, self.names = connection, names
        self.setting = "search_path = " + ", ".join(literal(name) for name in names)
        self.dialect, self.default_schema = connection.dialect, connection.dialect.default_schema_name
        self.before = self.driver = None
        self.is_pooled = self.is_set = False
        self.listeners = []

    def begin(self, must_exist):
        connection = self.connection
        was_in_transaction = connection.in_transaction()
        process, self.before = ask(
            connection, "SELECT pg_catalog.pg_backend_pid(), pg_catalog.current_setting('search_path')"
        )
        self.is_pooled = process != told_process(connection)
        self.driver = driver_of(connection.connection)
        self.set(connection)
        (found,) = ask(connection, "SELECT pg_catalog.current_schema()")
        if not was_in_transaction:
            # As it was found; what is set for the session stays once that is committed.
            connection.connection.rollback() if self.is_pooled else connection.connection.commit()
        self.is_set = was_in_transaction
        if must_exist and found != self.names[0] and not self.names[0].startswith("$"):
            raise SearchPathRefused(
                f"the schema {self.names[0]} does not exist, or the role may not use it: nothing was run. "
                "`limbec db init` creates it"
            )
        self.dialect.default_schema_name = found
        self.listen()

    def listen(self):
        from sqlalchemy import event

        self.listeners = [
            (self.connection, "begin", self.set),
            (self.connection, "commit", self.ended),
            (self.connection, "rollback", self.ended),
            (self.connection, "before_cursor_execute", self.before_cursor_execute),
            (self.connection.engine, "checkin", self.checkin),
        ]
        for target, name, listener in self.listeners:
            event.listen(target, name, listener)

    def set(self, connection):
        if self.is_pooled and commits_by_itself(connection):
            return
        execute(connection, f"SET {'LOCAL ' if self.is_pooled else ''}{self.setting}")
        self.is_set = True

    def ended(self, connection):
        self.is_set = False

    def before_cursor_execute(self, connection, cursor, statement, parameters, context, executemany):
        if not self.is_pooled:
            return
        if commits_by_itself(connection) or ENDING.search(statement):
            self.refuse()
        if not self.is_set:
            # SQLAlchemy 1.4 begins without a word where it commits each statement itself.
            self.set(connection)

    def check_block(self, connection):
        """Before an autocommit block commits what came before it."""
        if self.is_pooled and driver_of(connection.connection) is self.driver:
            self.refuse()

    def refuse(self):
        raise SearchPathRefused(
            "a statement outside of a transaction would not find the schema "
            f"{self.names[0]}: where a pooler is in between (or a driver that does not tell), `search-path` "
            "holds in transactions only. Connect to the server itself for this revision"
        )

    def checkin(self, driver, record):
        """Back in its pool it is somebody else's."""
        if driver is self.driver:
            self.restore(driver)

    def end(self):
        from sqlalchemy import event

        for target, name, listener in self.listeners:
            event.remove(target, name, listener)
        self.dialect.default_schema_name = self.default_schema
        connection = self.connection
        if not connection.closed and not connection.invalidated and self.driver is not None:
            self.restore(self.driver, ends=not connection.in_transaction())

    def restore(self, driver, ends=True):
        if self.is_pooled or self.before is None:
            return
        with suppress(Exception):  # the connection is gone, and its settings with it
            with closing(driver.cursor()) as cursor:
                cursor.execute(f"SELECT pg_catalog.set_config('search_path', {literal(self.before)}, false)")
            if ends:
                driver.commit()


def literal(text):
    """A text as SQL. Drivers take `%` for a parameter, so whatever is no letter or digit is written as its number."""
    parts = (c if PLAIN.match(c) or ord(c) > 126 else f"\\x{ord(c):02x}" for c in text)
    return "E'" + "".join(parts) + "'"


def ask(connection, query):
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def driver_of(pooled):
    return getattr(pooled, "dbapi_connection", None) or pooled.connection
