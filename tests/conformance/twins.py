"""Two copies of one project: limbec works in the first, Alembic in the second, at one moment and with the same id.

limbec reads the clock; the date that it wrote into a file is then the date for Alembic.
"""

from __future__ import annotations

import datetime
import io
import os
import re
import subprocess
import sys
import types
import uuid
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import alembic.config
import alembic.script.base
import alembic.util.langhelpers

CREATE_DATE = re.compile(r"Create Date: (\S+ \S+)")

SCRIPT = '''"""{doc}

Revision ID: {revision}
"""
revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends_on!r}


def upgrade():
    pass


def downgrade():
    pass
'''


@dataclass
class Outcome:
    """How a command ended."""

    status: int
    stdout: str
    stderr: str


def at(moment: datetime.datetime) -> types.SimpleNamespace:
    """A `datetime` module whose clock stands still; naive moments are local time."""

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz) if tz else moment.replace(tzinfo=None)

    return types.SimpleNamespace(datetime=Frozen, timezone=datetime.timezone)


def normal(text: str, root: Path) -> str:
    """Without what differs between any two runs."""
    return re.sub(r"see \S+\.txt for", "see FILE for", text.replace(str(root), "ROOT"))


class Twins:
    """The two copies, and the commands that are run in both."""

    def __init__(self, folder: Path, limbec: Path) -> None:
        self.limbec_root = folder / "limbec" / "project"
        self.alembic_root = folder / "alembic" / "project"
        self.limbec = limbec
        for root in self.roots:
            root.mkdir(parents=True)

    @property
    def roots(self) -> tuple[Path, Path]:
        """limbec's copy, Alembic's copy."""
        return self.limbec_root, self.alembic_root

    def write(self, name: str, content: str | bytes) -> None:
        """Put a file into both copies; `ROOT` in a text becomes the copy's path."""
        for root in self.roots:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_bytes(content.replace("ROOT", str(root)).encode())

    def revision(
        self, revision: str, down=None, labels=None, depends_on=None, folder: str = "migrations/versions"
    ) -> None:
        """A revision file in both copies."""
        text = SCRIPT.format(doc=revision, revision=revision, down=down, labels=labels, depends_on=depends_on)
        self.write(f"{folder}/{revision}.py", text)

    def run_limbec(self, *argv: str, **variables: str) -> Outcome:
        """Run the binary in its copy."""
        argv = tuple(word.replace("ROOT", str(self.limbec_root)) for word in argv)
        environment = {"PATH": os.environ["PATH"], "VIRTUAL_ENV": sys.prefix, "NO_COLOR": "1", **variables}
        done = subprocess.run(
            [self.limbec, *argv], cwd=self.limbec_root, env=environment, stdin=subprocess.DEVNULL, capture_output=True
        )
        return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())

    def run_alembic(self, *argv: str, moment: datetime.datetime | None = None, rev_id: str | None = None) -> Outcome:
        """Run Alembic in this process, in its copy."""
        argv = tuple(word.replace("ROOT", str(self.alembic_root)) for word in argv)
        stdout, stderr = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
        ids = mock.Mock(return_value=types.SimpleNamespace(hex=(rev_id or uuid.uuid4().hex).rjust(32, "0")))
        clock = at(moment) if moment else datetime
        before, path = os.getcwd(), list(sys.path)
        os.chdir(self.alembic_root)
        status = 0
        try:
            with ExitStack() as stack:
                stack.enter_context(redirect_stdout(stdout))
                stack.enter_context(redirect_stderr(stderr))
                stack.enter_context(mock.patch.object(alembic.script.base, "datetime", clock))
                stack.enter_context(mock.patch.object(alembic.util.langhelpers.uuid, "uuid4", ids))
                alembic.config.CommandLine(prog="alembic").main(argv=list(argv))
        except SystemExit as exit_:
            status = (exit_.code or 0) & 255 if isinstance(exit_.code, int) or exit_.code is None else 1
        except Exception as crash:
            status = 1
            stderr.write(f"{type(crash).__name__}: {crash}")
        finally:
            os.chdir(before)
            sys.path[:] = path
        texts = []
        for stream in (stdout, stderr):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())
        return Outcome(status, *texts)

    def tree(self, root: Path) -> dict[str, bytes]:
        """Every file of a copy; folders end in a slash."""
        found = {}
        for path in sorted(root.rglob("*")):
            if "__pycache__" in path.parts or path.suffix == ".db":
                continue
            name = path.relative_to(root).as_posix()
            if path.is_dir():
                found[f"{name}/"] = b""
            else:
                found[name] = path.read_bytes().replace(str(root).encode(), b"ROOT")
        return found

    def both(self, *argv: str) -> tuple[Outcome, Outcome]:
        """The command in both copies: same status, same output, same files."""
        before = self.tree(self.limbec_root)
        assert before == self.tree(self.alembic_root)
        ours = self.run_limbec(*argv)
        after = self.tree(self.limbec_root)
        new = {name: content for name, content in after.items() if name not in before and name.endswith(".py")}
        moment, rev_id = None, None
        for content in new.values():
            text = content.decode(errors="replace")
            if date := CREATE_DATE.search(text):
                moment = datetime.datetime.fromisoformat(date.group(1))
            if found := re.search(r"revision\b[^=\n]*=\s*\(?\s*['\"]([0-9a-f]{12})['\"]", text):
                rev_id = found.group(1)
        theirs = self.run_alembic(*argv, moment=moment, rev_id=rev_id)
        assert ours.status == theirs.status, (ours, theirs)
        if theirs.status != 1:
            # A crash of Alembic's is a refusal of limbec's, which leaves nothing behind.
            assert normal(ours.stdout, self.limbec_root) == normal(theirs.stdout, self.alembic_root)
            assert after == self.tree(self.alembic_root)
        return ours, theirs
