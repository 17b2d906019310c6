"""One run of the binary: its command line and environment, what its log says, and its failures as exceptions."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Callable, NamedTuple

from . import errors, find_limbec_bin
from .process import run
from .results import Completed, Event

__all__ = ["Command"]

#: The kinds of the log's `error` (docs/json.md).
KINDS: Mapping[str, type[errors.LimbecError]] = {
    "usage": errors.UsageError,
    "configuration": errors.UsageError,
    "revision": errors.RevisionError,
    "unreachable": errors.NotReachable,
    "database": errors.DatabaseError,
    "lock": errors.LockError,
    "gate": errors.Refused,
    "script": errors.ScriptError,
    "hook": errors.HookError,
    "backup": errors.BackupError,
    "interrupted": errors.Interrupted,
}

#: Levels of the log as Python's logging numbers them.
LEVELS: Mapping[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}

#: Lines of standard error that are kept for the case that a failure has no other words.
LAST_WORDS = 20


class Command(NamedTuple):
    """What every run of a project has in common."""

    #: `None`: the one that was installed with this package.
    binary: str | None
    #: `None`: the current directory.
    directory: str | None
    #: Those before the command.
    options: tuple[str, ...]
    #: Besides this process's own.
    environment: Mapping[str, str]

    def __repr__(self) -> str:
        """Without the environment, which has secrets: tools that report exceptions keep what they find in frames."""
        return f"Command({self.binary!r}, {self.directory!r}, {self.options!r})"

    def run(
        self,
        *arguments: str,
        accepted: Sequence[int] | None = (0,),
        listener: Callable[[Event], object] | None = None,
    ) -> Completed:
        """Runs one command. `accepted` are the exit statuses that are no failure; `None`: all, if no error is told.

        Raises `LimbecError`, or what the listener raises.
        """
        binary = self.binary or _installed()
        log = _Log(listener)
        command = [binary, "--log-format=json", *self.options, *arguments]
        status, output = run(command, directory=self.directory, environment=self._variables(), told=log.line)
        if log.failure is not None or status < 0 or (accepted is not None and status not in accepted):
            raise _failure(log, status, output)
        return Completed(status, output, tuple(log.events))

    def json(self, *arguments: str, accepted: Sequence[int] = (0,)) -> Any:
        """The document that a command prints."""
        name, *rest = arguments
        return self.run(name, "--format=json", *rest, accepted=accepted).json()

    def _variables(self) -> dict[str, str]:
        variables = {**os.environ, **self.environment}
        python = _interpreter()
        if python and not variables.get("LIMBEC_PYTHON"):
            variables["LIMBEC_PYTHON"] = python
        return variables


class _Log:
    """What the lines of standard error say."""

    def __init__(self, listener: Callable[[Event], object] | None) -> None:
        self.events: list[Event] = []
        self.failure: Event | None = None
        self.words: list[str] = []
        self._listener = listener

    def line(self, text: str) -> None:
        event = _event(text)
        if event.name == "output":
            self.words = [*self.words, text][-LAST_WORDS:]
        elif event.name == "error":
            self.failure = self.failure or event
        else:
            self.events.append(event)
        _pass_on(event)
        if self._listener is not None:
            self._listener(event)


def _event(line: str) -> Event:
    """A line of the log; anything else was printed by a script."""
    if line.startswith("{"):
        try:
            return Event.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):
            pass
    return Event("output", "info", line)


def _pass_on(event: Event) -> None:
    """To Python's logging: limbec's own lines as `limbec`, the records of scripts under the names that they had."""
    import logging

    name = str(event.fields.get("logger") or "limbec") if event.name == "log" else "limbec"
    # A failure is an exception already, whose handler decides whether it is logged.
    level = LEVELS.get(event.level, logging.INFO) if event.name != "error" else logging.DEBUG
    logging.getLogger(name).log(level, "%s", event.message, extra={"limbec_event": event.name})


def _failure(log: _Log, status: int, output: str) -> errors.LimbecError:
    if log.failure is not None:
        fields = log.failure.fields
        kind = KINDS.get(str(fields.get("kind")), errors.LimbecError)
        causes, hints = tuple(fields.get("causes", ())), tuple(fields.get("hints", ()))
        return kind(log.failure.message, causes=causes, hints=hints, status=status, output=output)
    if status < 0:
        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        kind = errors.Interrupted if -status == signal.SIGINT else errors.Killed
        return kind(f"limbec was ended by {name}", status=status, output=output)
    words = "\n".join(log.words).strip()
    return errors.LimbecError(
        words or f"limbec ended with status {status} and without a word", status=status, output=output
    )


def _installed() -> str:
    try:
        return find_limbec_bin()
    except FileNotFoundError as error:
        raise errors.NotInstalled("the limbec binary is not installed", causes=[str(error)]) from None


def _interpreter() -> str | None:
    """This process's interpreter; a program that embeds Python names itself, and has one in its prefix."""
    executable = sys.executable or ""
    if os.path.basename(executable).lower().startswith(("python", "pypy")):
        return executable
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for name in (f"python{version}", "python3", "python"):
        path = os.path.join(sys.exec_prefix, "bin", name)
        if os.access(path, os.X_OK):
            return path
    return None
