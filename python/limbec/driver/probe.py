"""``probe``: runs env.py without a database, to see what it would connect to and how it configures Alembic."""

import logging
import os
from contextlib import ExitStack, contextmanager, redirect_stdout

from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection, Engine

from . import commands, failures
from .scripts import lazy_scripts
from .steps import describe_target

CALLBACKS = (
    "include_name",
    "include_object",
    "process_revision_directives",
    "on_version_apply",
    "render_item",
    "compare_type",
    "compare_server_default",
)


class NeedsConnection(BaseException):
    """env.py wants to talk to the database itself. Not an Exception, so that env.py's own handlers let it pass."""


def probe(session, request):
    """Every ``context.configure`` of env.py, each with whether ``run_migrations`` followed.

    ``needs_connection`` holds frames if env.py went on to use the connection itself; then there may be more targets.
    """
    found = {"targets": [], "needs_connection": None}

    def action(config, options):
        with ExitStack() as stack:
            stack.enter_context(lazy_scripts(request["scripts"] or []))
            stack.enter_context(stubbed_engines())
            stack.enter_context(silence())
            stack.enter_context(recording(found["targets"]))
            script = ScriptDirectory.from_config(config)
            context = EnvironmentContext(config, script, fn=lambda heads, _: (), as_sql=False, dont_mutate=True)
            stack.enter_context(context)
            script.run_env()

    try:
        commands.perform(session, request, action)
    except NeedsConnection as error:
        found["needs_connection"] = failures.describe(error)["frames"]
    return found


@contextmanager
def silence():
    """While it lasts, nothing is printed or logged: the same env.py may be run in earnest right afterwards."""
    with silent_logging(), open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        yield


@contextmanager
def silent_logging():
    """While it lasts, nothing is logged."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def recording(targets):
    """While it lasts, configure() is noted, and neither transactions nor migrations happen."""
    names = ("configure", "run_migrations", "begin_transaction")
    originals = {name: getattr(EnvironmentContext, name) for name in names}

    def configure(self, *args, **options):
        originals["configure"](self, *args, **options)
        target = describe_target(self.get_context())
        target["callbacks"] = [name for name in CALLBACKS if options.get(name) not in (None, True, False)]
        target["runs"] = 0
        targets.append(target)

    def run_migrations(self, **options):
        if targets:
            targets[-1]["runs"] += 1

    EnvironmentContext.configure = configure
    EnvironmentContext.run_migrations = run_migrations
    EnvironmentContext.begin_transaction = lambda self: StubTransaction()
    try:
        yield
    finally:
        for name, original in originals.items():
            setattr(EnvironmentContext, name, original)


@contextmanager
def stubbed_engines():
    """While it lasts, engines hand out connections that go nowhere; async engines connect by these, too."""
    connect, begin = Engine.connect, Engine.begin
    Engine.connect = lambda self, *args, **options: StubConnection(self)
    Engine.begin = lambda self, *args, **options: StubBegin(self)
    try:
        yield
    finally:
        Engine.connect, Engine.begin = connect, begin


class StubBegin:
    """``with engine.begin() as connection``"""

    def __init__(self, engine):
        self.connection = StubConnection(engine)

    def __enter__(self):
        return self.connection

    def __exit__(self, *_):
        return None


class StubTransaction:
    """Ends as asked, having done nothing."""

    is_active = is_valid = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def end(self, *_):
        return None

    commit = rollback = prepare = close = end


class StubConnection(Connection):
    """Passes for a connection as long as nothing is sent over it."""

    def __init__(self, engine):
        self.__dict__.update(engine=engine, dialect=engine.dialect, _execution_options=engine.get_execution_options())

    closed = invalidated = False
    info = property(lambda self: self.__dict__.setdefault("_info", {}))

    def execution_options(self, **options):
        self.__dict__["_execution_options"] = self._execution_options.union(options)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def begin(self, *_, **__):
        return StubTransaction()

    begin_nested = begin_twophase = begin

    def nothing(self, *_, **__):
        return None

    commit = rollback = close = detach = invalidate = get_transaction = get_nested_transaction = nothing

    def no(self, *_, **__):
        return False

    in_transaction = in_nested_transaction = no

    def refuse(self, *_, **__):
        raise NeedsConnection("env.py uses its connection")

    execute = exec_driver_sql = scalar = scalars = stream = get_isolation_level = run_callable = refuse
    connection = default_isolation_level = property(refuse)
