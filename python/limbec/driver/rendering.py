"""``render``: runs env.py offline for the SQL of each step. Engines hand out connections that go nowhere meanwhile."""

import os
import sys
from contextlib import ExitStack, contextmanager, redirect_stdout

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.engine.mock import MockConnection

from . import commands, failures
from .probe import silent_logging, stubbed_engines
from .steps import describe_target, make_step


class ReadsDatabase(BaseException):
    """A script asks for what only the database has. Not an Exception, so that the script's own handlers let it pass."""


def render(session, request):
    """The SQL of every step that limbec plans, step by step; ``databases`` are those of env.py's runs, in order."""
    overrides = request["overrides"]
    if overrides["url"] is not None:
        # As a setting alone: env.py connects nowhere, so that there is nothing to compare it with.
        options = {**overrides["options"], "sqlalchemy.url": overrides["url"]}
        request = {**request, "overrides": {**overrides, "url": None, "options": options}}

    def action(config, options):
        databases = Databases(request["databases"])
        with ExitStack() as stack:
            stack.enter_context(stubbed_engines())
            stack.enter_context(silent_logging())
            stack.enter_context(redirect_stdout(sys.stderr))
            stack.enter_context(offline(databases))
            script = ScriptDirectory.from_config(config)
            environment = EnvironmentContext(
                config,
                script,
                fn=lambda heads, migration: rendered_steps(session, script, migration, databases.next()),
                as_sql=True,
                starting_rev=databases.current["heads"] or None,
                destination_rev=getattr(options, "revision", None) or getattr(options, "revisions", None),
                tag=getattr(options, "tag", None),
            )
            with environment, open(os.devnull, "w") as nowhere:
                config.output_buffer = nowhere
                script.run_env()

    commands.perform(session, request, action)


class Databases:
    """The databases of env.py's runs, one after the other; one run too many is limbec's to refuse."""

    def __init__(self, found):
        self.left = list(found)

    @property
    def current(self):
        return self.left[0] if self.left else {"heads": [], "driver": None, "has_version_table": True}

    def next(self):
        current = self.current
        del self.left[:1]
        return current


@contextmanager
def offline(databases):
    """While it lasts, env.py's dialect and heads are those of the database, however its offline branch finds them."""
    configure, heads = EnvironmentContext.configure, MigrationContext.get_current_heads
    connection_of = MigrationContext._stdout_connection

    def offline_configure(self, connection=None, url=None, *args, **options):
        driver = databases.current["driver"]
        if driver is None and connection is not None:
            driver = connection.dialect.name
        if driver is not None:
            connection, url = None, f"{driver}://"
            # As templates of env.py have it: otherwise a percent sign would come out twice.
            options["dialect_opts"] = {**(options.get("dialect_opts") or {}), "paramstyle": "named"}
            args = args[1:]  # the dialect's name
            options.pop("dialect_name", None)
        configure(self, connection, url, *args, **options)

    MigrationContext.get_current_heads = lambda self: tuple(databases.current["heads"])
    MigrationContext._stdout_connection = silent_connection
    EnvironmentContext.configure = offline_configure
    try:
        yield
    finally:
        EnvironmentContext.configure, MigrationContext.get_current_heads = configure, heads
        MigrationContext._stdout_connection = connection_of


def silent_connection(migration, connection):
    """As Alembic's, but for results that say that there are none."""

    def dump(construct, *parameters, **_):
        migration.impl._exec(construct)
        return NoResult()

    return Mock(migration.dialect, dump)


class Mock(MockConnection):
    """A connection that prints, and refuses whatever a printer cannot answer."""

    def __getattr__(self, name):
        # Alembic itself asks for the transaction, and takes a connection without that for one that prints.
        if name.startswith("_") or name == "in_transaction" or not hasattr(Connection, name):
            raise AttributeError(name)
        raise ReadsDatabase(f"it uses the connection itself (`{name}`)")


class NoResult:
    """What a statement returns where there is no database."""

    def refuse(self, *_, **__):
        raise ReadsDatabase("it reads what a statement returns")

    __iter__ = __bool__ = __len__ = __getitem__ = __next__ = refuse

    def close(self):
        return None

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.refuse()


def rendered_steps(session, script, migration, database):
    """Alembic's step objects, each with word to limbec of what it printed."""
    plan = session.call("plan", {"heads": database["heads"], "target": describe_target(migration)})
    steps = [make_step(script, step) for step in plan["steps"]]
    # Callbacks of env.py are made for a step that has happened.
    migration.on_version_apply_callbacks = ()
    if database["has_version_table"]:
        migration._version.create = migration._version.drop = lambda *_, **__: None
    for index, step in enumerate(steps):
        recording = Recording(migration.impl)
        step.migration_fn = recording.guarded(step.migration_fn)
        yield step
        session.call("step_rendered", {"index": index, **recording.told()})


class Recording:
    """What one step prints, in order: before its script, by its script, and for the version table."""

    def __init__(self, impl):
        self.statements = []
        self.failure = None
        self.part = "prelude"
        self.autocommit = False
        impl.static_output = self.take
        impl.emit_begin = lambda: self.switch(False)
        impl.emit_commit = lambda: self.switch(True)

    def take(self, text):
        self.statements.append({"sql": text, "part": self.part, "autocommit": self.autocommit})

    def switch(self, autocommit):
        """COMMIT in the middle of a script is the begin of an autocommit block, BEGIN its end."""
        self.autocommit = autocommit and self.part == "script"

    def guarded(self, function):
        """The script's function; what it raises ends this step alone."""

        def run(**options):
            self.part = "script"
            try:
                function(**options)
            except (Exception, ReadsDatabase) as error:
                self.failure = {**failures.describe(error), "reads": needs_database(error)}
            self.part, self.autocommit = "heads", False

        return run

    def told(self):
        return {"statements": self.statements, "failure": self.failure}


def needs_database(error):
    """Whether the script failed for want of a database: it would run online."""
    return isinstance(error, ReadsDatabase) or type(error).__name__ == "NoInspectionAvailable" or "--sql" in str(error)
