"""What Alembic sends for each step, told to limbec, which compares it with what it has rendered.

``sql`` is the text that the server gets, with the parameters written into it as literals of the types that the driver
sends; ``compared`` has neither those types nor tabs, so that it is what Alembic prints offline if both are the same.
``None``: there is no such text.
"""

import ast
import functools
import inspect
import os
import re
import textwrap
from contextlib import contextmanager

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Engine

from .hooks import hooks, places
from .literals import NoLiteral, inlined
from .reads import EnvironmentReads

BEGINS = re.compile(r"\s*BEGIN(?:\s+(?:DEFERRED|IMMEDIATE|EXCLUSIVE|TRANSACTION))?\s*;?\s*\Z", re.IGNORECASE)
PRAGMAS = ("foreign_keys", "recursive_triggers", "legacy_alter_table", "ignore_check_constraints", "trusted_schema")


VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
# Told of a connection of the driver, once for each connection or each use of one; not of statements.
OF_CONNECTIONS = ("connect", "first_connect", "checkout", "checkin")
# What a listener may do with what it is given: nothing of it reaches the server.
NOTES = ("info", "record_info")
DROPPED = ("connection", "dbapi_connection")


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

    SQLAlchemy's own and limbec's are left out, and those that are told of a connection and do nothing with it.
    """
    engine = connection.engine
    own = (os.path.dirname(sqlalchemy.__file__) + os.sep, "<limbec>/")
    found = []
    for target in (connection, engine, engine.dialect, engine.pool):
        dispatch = getattr(target, "dispatch", None)
        for name in getattr(dispatch, "_event_names", ()):
            for function in getattr(dispatch, name, ()):
                for place in () if name in OF_CONNECTIONS and leaves_alone(function) else places(function):
                    if not place.startswith(own) and (name, place) not in found:
                        found.append((name, place))
    return [{"event": name, "file": place} for name, place in found]


def leaves_alone(function):
    """Whether a function can send nothing by what it is given: it only reads or writes notes, or drops the connection.

    What it sends by an engine is heard like every other statement.
    """
    code = getattr(function, "__code__", None)
    if code is None or hasattr(function, "__wrapped__") or code.co_flags & VARIADIC:
        return False
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return False
    definition = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(definition, ast.FunctionDef) or definition.name != code.co_name:
        return False
    given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    nodes = [node for statement in definition.body for node in ast.walk(statement)]
    noted = {
        id(node.value)
        for node in nodes
        if isinstance(node, ast.Attribute)
        and (node.attr in NOTES if isinstance(node.ctx, ast.Load) else node.attr in DROPPED)
    }
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Global, ast.Nonlocal)
    named = [node for node in nodes if isinstance(node, ast.Name)]
    return (
        not any(isinstance(node, inner) for node in nodes)
        and not any(node.id in ("locals", "vars", "eval", "exec", "globals", "dir") for node in named)
        and all(id(node) in noted for node in named if node.id in given)
    )
