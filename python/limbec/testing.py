"""What the pytest plugin asks of the binary: databases by `limbec test --provide`, checks by its JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO, Any, NamedTuple

from . import find_limbec_bin

__all__ = ["Database", "Databases", "Failure", "Limbec", "checks"]


class Failure(Exception):
    """Something that the binary could not do, in its own words."""


class Database(NamedTuple):
    """A database that was made for a test."""

    name: str
    url: str


class Limbec(NamedTuple):
    """Which binary, for which project."""

    #: The program; empty: the one that was installed with this package.
    binary: str = ""
    #: Where alembic.ini is looked for.
    folder: str = "."
    #: As `limbec --config`; empty: as limbec finds it.
    config: str = ""
    #: As `limbec --name`.
    name: str = ""
    #: PostgreSQL server to make databases on.
    server: str = ""
    #: More options of `limbec test`.
    options: Sequence[str] = ()

    def command(self, *arguments: str) -> list[str]:
        """The command line, on which no secret is: the server goes by the environment."""
        try:
            binary = self.binary or find_limbec_bin()
        except FileNotFoundError as error:
            raise Failure(f"the limbec binary is not installed: {error}") from None
        project = ["--config", self.config] if self.config else []
        named = ["--name", self.name] if self.name else []
        return [binary, *project, *named, "test", *arguments, *self.options]

    def environment(self) -> Mapping[str, str]:
        """Ours, with this interpreter as the project's where nothing else is said."""
        environment = dict(os.environ)
        environment.setdefault("LIMBEC_PYTHON", sys.executable)
        if self.server:
            environment["LIMBEC_TEST_URL"] = self.server
        return environment


class Databases:
    """The databases of one `limbec test --provide`; all are dropped when it is closed, or when this process ends."""

    def __init__(self, limbec: Limbec) -> None:
        self._limbec = limbec
        self._process: subprocess.Popen[str] | None = None
        self._errors: IO[str] | None = None
        self._owner = 0

    def make(self, revision: str = "heads") -> Database:
        """A fresh database in which the revisions up to this one have run; "base": an empty one."""
        return self._database(make=revision)

    def migrate(self, database: Database, revision: str) -> Database:
        """Brings it up or down to a revision."""
        return self._database(migrate=database.name, to=revision)

    def drop(self, database: Database) -> None:
        """Drops it, whoever is connected."""
        if self._process is not None and self._owner == os.getpid() and self._process.poll() is None:
            self._ask(drop=database.name)

    def close(self) -> None:
        """Drops all."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        try:
            if process.stdin:
                process.stdin.close()
        except OSError:
            pass  # it has ended
        process.wait()
        if process.stdout:
            process.stdout.close()
        if self._errors:
            self._errors.close()

    def _database(self, **request: str) -> Database:
        answer = self._ask(**request)
        return Database(answer["name"], answer["url"])

    def _ask(self, **request: str) -> dict[str, Any]:
        process = self._process or self._start()
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            raise Failure(self._last_words(process))
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            causes = [f"caused by: {cause}" for cause in answer["causes"]]
            raise Failure("\n".join([answer["error"], *causes, *(f"hint: {hint}" for hint in answer["hints"])]))
        return answer

    def _start(self) -> subprocess.Popen[str]:
        command = self._limbec.command("--provide")
        # A file, because nobody reads it while the process runs: a pipe would be full one day.
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        try:
            self._process = subprocess.Popen(
                command,
                cwd=self._limbec.folder,
                env=self._limbec.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                encoding="utf-8",
                # Ctrl-C is for pytest, which then gives its databases back.
                start_new_session=True,
            )
        except OSError as error:
            raise Failure(f"{command[0]} cannot be run: {error.strerror}") from None
        self._owner = os.getpid()
        return self._process

    def _last_words(self, process: subprocess.Popen[str]) -> str:
        status = process.wait()
        words = ""
        if self._errors:
            self._errors.seek(0)
            words = self._errors.read()
        self.close()
        return said(words, status)


def checks(limbec: Limbec) -> list[dict[str, Any]]:
    """What `limbec test` finds: the list `checks` of its JSON.

    Raises `Failure` where the checks could not be made at all.
    """
    command = limbec.command("--format", "json")
    try:
        done = subprocess.run(
            command,
            cwd=limbec.folder,
            env=limbec.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Failure(f"{command[0]} cannot be run: {error.strerror}") from None
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["checks"]
    except (ValueError, KeyError, TypeError):
        raise Failure(said(done.stderr, done.returncode)) from None
    return found


def said(words: str, status: int) -> str:
    """The binary's last words, without its heading."""
    text = words.strip()
    start = text.find("error: ")
    if start >= 0:
        return text[start + len("error: ") :]
    if status < 0:
        return f"limbec was ended by {signal.Signals(-status).name}"
    return text or f"limbec ended with status {status} and without a word"
