"""Small Alembic projects, written for one test each."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

ENV = """import os

from sqlalchemy import create_engine, pool

from alembic import context

url = context.config.get_main_option("sqlalchemy.url")

if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection{configure})
        with context.begin_transaction():
            context.run_migrations()
"""

REVISION = '''"""{doc}"""
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = {labels!r}
depends_on = {depends!r}


def upgrade():
    {up}


def downgrade():
    {down_body}
'''


@dataclass
class Run:
    """What a command left: exit status and both streams."""

    status: int
    out: str
    err: str

    def ok(self) -> "Run":
        assert self.status == 0, f"exit status {self.status}\n{self.out}\n{self.err}"
        return self

    def failed(self, *sentences: str, status: "int | None" = None) -> "Run":
        """Assert that it failed as a program for people does: by saying why, and not by a crash."""
        text = self.out + self.err
        assert self.status != 0, text
        if status is not None:
            assert self.status == status, f"exit status {self.status}\n{text}"
        for sentence in sentences:
            assert sentence in text, f"{sentence!r} is not in\n{text}"
        for noise in ("panicked at", "RUST_BACKTRACE", "Traceback (most recent call last)"):
            assert noise not in text, text
        assert len(text.strip()) > 10, "it failed without a word"
        return self


def run(program: Path, *arguments: str, cwd: Path, environment: "dict[str, str] | None" = None) -> Run:
    """Run a program with the test's environment and `environment` on top; never raises for its exit status."""
    done = subprocess.run(
        [str(program), *arguments],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def run_and_react(program: Path, *arguments: str, cwd: Path, sign: str, react) -> Run:
    """Run a program; as soon as it has said `sign` on standard error, call `react`, once."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    told = []
    with subprocess.Popen([str(program), *arguments], cwd=cwd, text=True, errors="replace", **pipes) as process:
        for line in process.stderr:
            if sign in line and not any(sign in before for before in told):
                react()
            told.append(line)
        out = process.stdout.read()
    return Run(process.returncode, out, "".join(told))


@dataclass
class Project:
    """A folder with alembic.ini, migrations/env.py and migrations/versions."""

    folder: Path
    url: str
    configure: str = ""
    environment: "dict[str, str]" = field(default_factory=dict)

    def __post_init__(self):
        self.versions.mkdir(parents=True)
        (self.folder / "migrations" / "env.py").write_text(ENV.format(configure=self.configure))
        (self.folder / "migrations" / "script.py.mako").write_text(MAKO)
        self.write_ini(self.url)

    @property
    def versions(self) -> Path:
        return self.folder / "migrations" / "versions"

    def write_ini(self, url: str) -> None:
        """Point the project at another database."""
        text = "[alembic]\nscript_location = %(here)s/migrations\npath_separator = os\nsqlalchemy.url = {}\n"
        (self.folder / "alembic.ini").write_text(text.format(url.replace("%", "%%")))

    def add(self, revision, down=None, *, up="pass", undo="pass", labels=None, depends=None) -> Path:
        """Write one revision file; returns its path."""
        path = self.versions / f"{revision}_.py"
        path.write_text(
            REVISION.format(
                doc=f"revision {revision}",
                revision=revision,
                down=down,
                labels=labels,
                depends=depends,
                up=up.replace("\n", "\n    "),
                down_body=undo.replace("\n", "\n    "),
            )
        )
        return path

    def run(self, program: Path, *arguments: str, **environment: str) -> Run:
        """One command in the project's folder."""
        return run(program, *arguments, cwd=self.folder, environment={**self.environment, **environment})


MAKO = '''"""${message}"""
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
'''
