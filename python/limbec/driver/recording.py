"""What Alembic sends for each step, told to limbec, which compares it with what it has rendered.

``sql`` is the text that the server gets, with the parameters written into it as literals of the types that the driver
sends; ``compared`` has neither those types nor tabs, so that it is what Alembic prints offline if both are the same.
``None``: there is no such text.
"""

import functools
import os
import re
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

from .hooks import hooks, places
from .literals import NoLiteral, inlined
from .reads import EnvironmentReads

BEGINS = re.compile(r"\s*BEGIN(?:\s+(?:DEFERRED|IMMEDIATE|EXCLUSIVE|TRANSACTION))?\s*;?\s*\Z", re.IGNORECASE)
PRAGMAS = ("foreign_keys", "recursive_triggers", "legacy_alter_table", "ignore_check_constraints", "trusted_schema")


class Recorder:
    """Hears every statement of every engine while env.py runs."""

    def __init__(self, variables=()):
        self.read = EnvironmentReads(variables)
        self.script = None
        self.elsewhere = []
        self.is_own = False
        self.session = None

    @contextmanager
    def listening(self):
        event.listen(Engine, "before_cursor_execute", self.before_cursor_execute)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", self.before_cursor_execute)

    def before_cursor_execute(self, connection, cursor, statement, parameters, context, executemany):
        if self.is_own or BEGINS.match(statement):
            return
        if self.script is None:
            self.elsewhere.append(statement)
            return
        # Rows that SQLAlchemy puts into one INSERT come with one set of parameters all the same.
        for values in parameters if executemany and isinstance(parameters, list) else (parameters,):
            self.script.append(recorded(connection.dialect, statement, values))

    @contextmanager
    def own(self):
        """While it lasts, statements are limbec's, or Alembic's on its version table."""
        before, self.is_own = self.is_own, True
        try:
            yield
        finally:
            self.is_own = before

    def silent(self, function):
        """A function of Alembic's whose statements are about the version table alone."""

        @functools.wraps(function)
        def run(*positional, **named):
            with self.own():
                return function(*positional, **named)

        return run

    def watch(self, migration):
        """Alembic's own statements of this run are none of the script's."""
        for name in ("get_current_heads", "_ensure_version_table", "_has_version_table"):
            if hasattr(migration, name):
                setattr(migration, name, self.silent(getattr(migration, name)))

    @contextmanager
    def step(self, session, step, index):
        """While it lasts, the step's script is heard; what follows it is the change of the version table."""
        function, script = step.migration_fn, []

        def run(**options):
            self.script = script
            try:
                function(**options)
            finally:
                self.script, self.is_own = None, True

        step.migration_fn = run
        try:
            yield
        finally:
            self.is_own = False
        session.call("step_recorded", {"index": index, "statements": script})

    def look_around(self, migration):
        """The settings of the session and whoever listens to it, after the last step."""
        connection = migration.connection
        before = connection.in_transaction()
        with self.own():
            settings, functions = settings_of(connection), functions_of(connection)
        if not before and connection.in_transaction():
            connection.rollback()
        hooked = hooks(migration.dialect, migration.impl)
        self.session = {"settings": settings, "listeners": listeners(connection), "hooks": hooked}
        self.session["functions"] = functions

    def told(self):
        found = self.session or {"settings": {}, "listeners": [], "hooks": [], "functions": []}
        return {"elsewhere": self.elsewhere, "read": sorted(self.read.names), **found}


def recorded(dialect, statement, parameters):
    try:
        sql = inlined(dialect, statement, parameters, True)
        compared = inlined(dialect, statement, parameters, False)
    except (NoLiteral, KeyError, IndexError, TypeError) as error:
        return {"sql": statement, "compared": None, "reason": str(error)}
    return {"sql": sql, "compared": compared.replace("\t", "    ").strip(), "reason": None}


def settings_of(connection):
    """What the meaning of a statement may depend on, by name."""
    if connection.dialect.name == "postgresql":
        rows = connection.exec_driver_sql(
            "SELECT name, setting FROM pg_catalog.pg_settings"
            " WHERE NOT (pg_catalog.strpos(name, '.') > 0 AND setting IS NOT DISTINCT FROM boot_val)"
            " UNION ALL SELECT 'current_user', current_user::text UNION ALL SELECT 'session_user', session_user::text"
        )
        return dict(tuple(row) for row in rows)
    if connection.dialect.name == "sqlite":
        return {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in PRAGMAS}
    return {}


def functions_of(connection):
    """The functions of Python's SQLite, which is not the one that limbec has."""
    if connection.dialect.name != "sqlite":
        return []
    return sorted({row[0] for row in connection.exec_driver_sql("SELECT name FROM pragma_function_list")})


def listeners(connection):
    """Where the functions are that listen to the connection, its engine, dialect or pool.

    SQLAlchemy's own and limbec's are left out.
    """
    engine = connection.engine
    own = (os.path.dirname(sqlalchemy.__file__) + os.sep, "<limbec>/")
    found = []
    for target in (connection, engine, engine.dialect, engine.pool):
        dispatch = getattr(target, "dispatch", None)
        for name in getattr(dispatch, "_event_names", ()):
            for function in getattr(dispatch, name, ()):
                for place in places(function):
                    if not place.startswith(own) and (name, place) not in found:
                        found.append((name, place))
    return [{"event": name, "file": place} for name, place in found]
