"""`Project`: limbec's commands as methods, each of which runs the binary and waits for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable, Protocol, Union

from .command import Command
from .errors import NotAtHead, UsageError
from .options import ChangeOptions, words
from .results import Completed, Diagnostic, Event, Outcome, Plan, Revision, Status

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Unpack

__all__ = ["Project"]

_Path = Union[str, "os.PathLike[str]"]
_Listener = Callable[[Event], object]


class _SqlalchemyUrl(Protocol):
    def render_as_string(self, hide_password: bool = ...) -> str: ...


class Project:
    """A project with Alembic's revisions, as the command line sees it from `directory`.

    Making one does nothing yet. It may be shared by threads: every call is a process of its own.
    """

    def __init__(
        self,
        config: _Path | Sequence[_Path] | None = None,
        *,
        script_location: _Path | None = None,
        name: str | None = None,
        url: str | _SqlalchemyUrl | None = None,
        schema: str | None = None,
        directory: _Path | None = None,
        x: Sequence[str] | Mapping[str, str] = (),
        python: _Path | None = None,
        env: Mapping[str, str] | None = None,
        binary: _Path | None = None,
    ) -> None:
        """All are as limbec finds them where they are left out.

        Args:
            config: Configuration file, or an ini file and a pyproject.toml (`--config`).
            script_location: The directory of env.py, or `package:directory`; a configuration is not needed then.
            name: Section of the ini file (`--name`).
            url: The database, as SQLAlchemy writes URLs. It goes to the process through its environment.
            schema: Schema of the version table (`--schema`).
            directory: Where the command line would be typed; else the current directory at the time of a call.
            x: For env.py (`-x`), as `["tenant=acme"]` or `{"tenant": "acme"}`. No secrets: command lines are public.
            python: The interpreter for env.py and revision scripts; else this one.
            env: Environment variables besides this process's own.
            binary: The limbec program; else the one that was installed with this package.
        """
        self._command = Command(
            binary=None if binary is None else _program(os.fspath(binary)),
            directory=None if directory is None else os.fspath(directory),
            options=tuple(_options(config, name, x)),
            environment=_environment(url, schema, script_location, python, env),
        )

    @classmethod
    def of_package(
        cls,
        package: str,
        directory: str | None = None,
        *,
        name: str | None = None,
        url: str | _SqlalchemyUrl | None = None,
        schema: str | None = None,
        x: Sequence[str] | Mapping[str, str] = (),
        python: _Path | None = None,
        env: Mapping[str, str] | None = None,
        binary: _Path | None = None,
    ) -> Project:
        """The migrations that an installed package brings along; nothing of the package is imported.

        Looks for an alembic.ini, a pyproject.toml with `[tool.alembic]` or an env.py: in the package, or in its
        `directory`; where that is left out, also in directories below. A limbec.toml beside it has limbec's settings.

        Raises:
            UsageError: There is no such package, it has none, or several and `directory` does not say which.
        """
        from .packages import find

        found = find(package, directory)
        return cls(
            found.config,
            script_location=found.script_location,
            name=name,
            url=url,
            schema=schema,
            x=x,
            python=python,
            env=env,
            binary=binary,
        )

    def is_at_head(self) -> bool:
        """Whether every revision file is applied and the database is not ahead of them. Takes milliseconds.

        Raises:
            NotReachable: The database does not answer.
        """
        return self._command.run("--quiet", "status", "--check", accepted=(0, 1, 3)).status == 0

    def check_at_head(self) -> None:
        """Does nothing where `is_at_head()`.

        Raises:
            NotAtHead: It is not; says which revisions are pending.
            NotReachable: The database does not answer.
        """
        for status in self.statuses():
            if not status.is_at_head:
                raise NotAtHead(status)

    def status(self) -> Status:
        """Every revision with its state in the database.

        Raises:
            UsageError: env.py migrates several databases: `statuses()` has them.
        """
        statuses = self.statuses()
        if len(statuses) != 1:
            raise UsageError(f"env.py migrates {len(statuses)} databases", hints=["`statuses()` has them all"])
        return statuses[0]

    def statuses(self) -> tuple[Status, ...]:
        """As `status()`, of each database of env.py."""
        document = self._command.json("status")
        return tuple(map(Status.from_json, document.get("databases", [document])))

    def current(self) -> tuple[Revision, ...]:
        """The revisions that the database is at."""
        return _revisions(self._command.json("current"))

    def heads(self) -> tuple[Revision, ...]:
        """The heads of the revision files. Asks no database."""
        return _revisions(self._command.json("heads"))

    def history(self, range: str | None = None) -> tuple[Revision, ...]:
        """The revision files, newest first; `range` is as "a1:b2", "-3:", or "current:" (which asks the database)."""
        ranges = [] if range is None else [f"--rev-range={range}"]
        return _revisions(self._command.json("history", *ranges))

    def plan(self, revision: str = "heads") -> Plan:
        """What `upgrade(revision)` would run."""
        return Plan.from_json(self._command.json("plan", "upgrade", revision))

    def plan_downgrade(self, revision: str) -> Plan:
        """What `downgrade(revision)` would run."""
        return Plan.from_json(self._command.json("plan", "downgrade", revision))

    def upgrade(
        self, revision: str = "heads", *, on_event: _Listener | None = None, **options: Unpack[ChangeOptions]
    ) -> Outcome:
        """Runs what leads to a revision: a revision, "head", "heads", "+1", "branch@head".

        `on_event` gets every line of the log while it runs (docs/json.md). An exception that it raises ends the run, as
        Ctrl-C does: what is not committed is rolled back.

        Raises:
            Refused: The plan destroys data and nobody agreed to it, or applied revisions were changed.
            LockError: Another run has the lock.
            ScriptError: A revision or env.py failed.
            RevisionError: There is no such revision, or "head" with several heads.
            DatabaseError, UsageError: And others of `LimbecError`.
        """
        return self._change(on_event, options, "upgrade", revision)

    def downgrade(
        self, revision: str, *, on_event: _Listener | None = None, **options: Unpack[ChangeOptions]
    ) -> Outcome:
        """Undoes revisions down to "base", "-1", a revision, "branch@-1". What loses rows wants `yes=True`.

        Raises what `upgrade` raises.
        """
        return self._change(on_event, options, "downgrade", revision)

    def stamp(
        self,
        revisions: str | Iterable[str],
        *,
        purge: bool = False,
        on_event: _Listener | None = None,
        **options: Unpack[ChangeOptions],
    ) -> Outcome:
        """Sets the version table to revisions without running them; `purge` deletes its rows first."""
        wanted = [revisions] if isinstance(revisions, str) else list(revisions)
        return self._change(on_event, options, "stamp", *(["--purge"] if purge else []), *wanted)

    def validate(self, paths: Iterable[_Path] = (), *, all: bool = False) -> tuple[Diagnostic, ...]:
        """What `limbec validate` finds, in all revision files or in these; `all` judges published ones as new."""
        more = [*(["--all"] if all else []), *(os.fspath(path) for path in paths)]
        document = self._command.json("validate", *more, accepted=(0, 1))
        folder = self._command.directory or os.curdir
        return tuple(Diagnostic.from_json(finding, folder) for finding in document["findings"])

    def new(
        self,
        description: str,
        *,
        autogenerate: bool = True,
        head: str | None = None,
        rev_id: str | None = None,
        depends_on: Iterable[str] = (),
    ) -> Path | None:
        """Writes a revision file named after the time, and returns its path; `None`: there was nothing to generate."""
        more = ["--autogenerate" if autogenerate else "--no-autogenerate"]
        more += [f"--head={head}"] if head else []
        more += [f"--rev-id={rev_id}"] if rev_id else []
        more += [f"--depends-on={revision}" for revision in depends_on]
        done = self._command.run("new", *more, "--format=json", "--", description)
        return _written(done)

    def run(self, *arguments: str, on_event: _Listener | None = None) -> Completed:
        """Any command, as it would be typed: `run("verify", "--format", "json")`.

        Raises:
            LimbecError: limbec says that it failed. The status of a command that has findings is returned instead.
        """
        return self._command.run(*arguments, accepted=None, listener=on_event)

    def _change(self, listener: _Listener | None, options: ChangeOptions, command: str, *arguments: str) -> Outcome:
        done = self._command.run(command, *words(options), *arguments, listener=listener)
        return Outcome.of(done)


def _revisions(document: Any) -> tuple[Revision, ...]:
    return tuple(map(Revision.from_json, document["revisions"]))


def _written(done: Completed) -> Path | None:
    from pathlib import Path

    return Path(done.json()["path"]) if done.output.strip() else None


def _options(
    config: _Path | Sequence[_Path] | None, name: str | None, x: Sequence[str] | Mapping[str, str]
) -> Iterable[str]:
    """The options that every command gets."""
    files = [] if config is None else [config] if isinstance(config, (str, os.PathLike)) else config
    yield from (f"--config={os.fspath(file)}" for file in files)
    if name is not None:
        yield f"--name={name}"
    pairs = [f"{key}={value}" for key, value in x.items()] if isinstance(x, Mapping) else x
    for pair in pairs:
        yield from ("-x", pair)


def _environment(
    url: str | _SqlalchemyUrl | None,
    schema: str | None,
    script_location: _Path | None,
    python: _Path | None,
    env: Mapping[str, str] | None,
) -> dict[str, str]:
    """What the process finds in its environment besides what is there."""
    variables = dict(env or {})
    given = {
        "LIMBEC_URL": None if url is None else _text_of(url),
        "LIMBEC_SCHEMA": schema,
        "LIMBEC_SCRIPT_LOCATION": None if script_location is None else _place(os.fspath(script_location)),
        "LIMBEC_PYTHON": None if python is None else os.fspath(python),
    }
    variables.update({key: value for key, value in given.items() if value is not None})
    return variables


def _program(binary: str) -> str:
    """A name is looked up on PATH; a relative path starts at this process's directory, not at limbec's."""
    return os.path.abspath(binary) if os.path.dirname(binary) else binary


def _place(location: str) -> str:
    """`package:directory` as a path, by the packages of this process."""
    if ":" not in location or os.path.isabs(location):
        return location
    from .packages import resource

    return str(resource(location))


def _text_of(url: str | _SqlalchemyUrl) -> str:
    text = url if isinstance(url, str) else url.render_as_string(hide_password=False)
    if ":***@" in text:
        hint = "`url.render_as_string(hide_password=False)` has it; or give `engine.url` as it is"
        raise UsageError("the URL has *** in the place of its password", hints=[hint])
    return text
