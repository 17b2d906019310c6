"""``run_env`` and ``command``: Alembic's own command line and command functions, over limbec's scripts and steps."""

import os
from contextlib import ExitStack, contextmanager, nullcontext

from .postponed import mako_postponed
from .session import set_arguments

with mako_postponed():
    from alembic.config import CommandLine


def run_env(session, request):
    """Runs env.py once, with the steps that limbec plans for the heads found there."""
    from . import steps

    def action(config, options):
        if options.cmd[0].__name__ not in steps.PLANNED:
            steps.run_environment(session, config)
            return
        reads = session.recorder.read.watched() if session.recorder is not None else nullcontext()
        with steps.planned_elsewhere(session), reads:
            call_command(config, options)

    if not request.get("record"):
        perform(session, request, action)
        return
    from .recording import Recorder

    session.recorder = Recorder(request.get("environment") or ())
    with session.recorder.listening():
        perform(session, request, action)
    session.call("run_recorded", session.recorder.told())


def command(session, request):
    """Runs the Alembic command named in argv, as Alembic does but for printing its error."""
    perform(session, request, call_command)


def call_command(config, options):
    function, positional, keywords = options.cmd
    function(
        config,
        *[getattr(options, name, None) for name in positional],
        **{name: getattr(options, name, None) for name in keywords},
    )


def perform(session, request, action):
    """Reads argv and the configuration as Alembic does, then calls ``action(config, options)`` under the overrides."""
    from .environment import overridden_environment
    from .logs import json_records
    from .own_tables import hidden
    from .scripts import lazy_scripts

    class Line(CommandLine):
        def run_cmd(self, config, options):
            override_options(config, request["overrides"])
            with ExitStack() as stack:
                stack.enter_context(environment(request.get("environment") or {}))
                stack.enter_context(lazy_scripts(request["scripts"]))
                stack.enter_context(overridden_environment(request))
                stack.enter_context(hidden(names_schema(request["overrides"])))
                if request.get("untouched"):
                    from .untouched import untouched

                    stack.enter_context(untouched())
                stack.enter_context(json_records(request.get("json_logs", False)))
                action(config, options)

    set_arguments(request["argv"])
    Line(prog="alembic").main(argv=request["argv"])


def names_schema(overrides):
    """Whether limbec, and not env.py alone, says where the version table is."""
    return overrides["schema"] is not None or bool(overrides.get("search_path"))


@contextmanager
def environment(variables):
    """While it lasts, these environment variables are set."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def override_options(config, overrides):
    """Main options of the ini section; the values are literal, so a percent sign is doubled for ConfigParser."""
    options = dict(overrides["options"])
    if "script_location" in options and not os.path.exists(config.config_file_name or ""):
        # There is no file with logging to be set up either; a migration that is started by code finds None here, too.
        config.config_file_name = None
    if overrides["url"] is not None:
        options["sqlalchemy.url"] = overrides["url"]
    for name, value in options.items():
        config.set_main_option(name, value.replace("%", "%%"))
