"""A history whose every application leaves a trace, in a project as `alembic init` makes it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from reliability.targets import Target
from support.paths import alembic_binary

# Outside of every transaction: what began and ended, in which process, and where a process is to die.
TRACING = '''import os
import signal


def point(name):
    """Leaves a line in the trace; the process that was told to dies here, as by a SIGKILL from outside."""
    trace = os.environ.get("WITNESS_TRACE")
    if trace:
        with open(trace, "a") as file:
            file.write(f"{os.getpid()} {name}\\n")
    if os.environ.get("WITNESS_KILL_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
'''

REVISION = '''"""step {number}"""
import os
import time

import sqlalchemy as sa
from alembic import op
from tracing import point

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
    point("begin {revision}")
{body}
    point("end {revision}")


def downgrade():
    raise NotImplementedError
'''

INSERT = 'op.execute(f"INSERT INTO witness VALUES ({revision!r}, {{os.getpid()}})")'
PAUSE = "time.sleep({pause})"
TABLE = 'op.create_table("t{number}", sa.Column("id", sa.Integer, primary_key=True))'
MIDDLE = 'point("middle {revision}")'
OUTSIDE = "with op.get_context().autocommit_block():\n    " + INSERT


@dataclass
class History:
    """What the revisions do. `outside`: the last but one leaves its trace outside of the transaction, at once."""

    length: int = 8
    outside: bool = False
    # Seconds that every third revision sleeps.
    pause: float = 0.03

    @property
    def revisions(self) -> list[str]:
        return [f"{number:03d}abc{number:03d}" for number in range(1, self.length + 1)]

    @property
    def head(self) -> str:
        return self.revisions[-1]

    def body(self, number: int) -> str:
        """The statements of one revision, in one of three shapes."""
        if self.outside and number == self.length - 1:
            lines = [OUTSIDE, PAUSE]
        elif number % 3 == 1:
            lines = [TABLE, MIDDLE, INSERT]
        elif number % 3 == 2:
            lines = [INSERT, MIDDLE, PAUSE]
        else:
            lines = [INSERT, MIDDLE, TABLE]
        text = "\n".join(lines).format(number=number, revision=self.revisions[number - 1], pause=self.pause)
        return "\n".join(f"    {line}" for line in text.splitlines())

    def tables(self) -> set[str]:
        """Names of the tables that the whole history makes."""
        return {f"t{n}" for n in range(1, self.length + 1) if f'"t{n}"' in self.body(n)}

    def write(self, versions: Path) -> None:
        """Writes the files."""
        down = None
        for number, revision in enumerate(self.revisions, start=1):
            text = REVISION.format(number=number, revision=revision, down=down, body=self.body(number))
            (versions / f"{revision}_step_{number}.py").write_text(text)
            down = revision


@dataclass
class Project:
    """A project in a folder, pointed at one database after the other."""

    folder: Path
    history: History
    # Whether only env.py knows the URL.
    hidden: bool = False
    settings: str = ""
    env_additions: str = ""
    configure: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self):
        self.folder.mkdir(parents=True)
        command = [str(alembic_binary()), "init", "migrations"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        (self.folder / "tracing.py").write_text(TRACING)
        self.history.write(self.folder / "migrations/versions")
        if self.settings:
            (self.folder / "limbec.toml").write_text(self.settings)
        self._change_env()
        self._ini = (self.folder / "alembic.ini").read_text()

    def _change_env(self) -> None:
        env = self.folder / "migrations/env.py"
        text = env.read_text()
        line = "config = context.config\n"
        added = self.env_additions
        if self.hidden:
            read = 'Path(config.config_file_name).with_name("url.txt").read_text()'
            added += f'from pathlib import Path\nconfig.set_main_option("sqlalchemy.url", {read})\n'
        given = "connection=connection, target_metadata=target_metadata"
        assert line in text and given in text, "the template of Alembic's env.py is another one"
        env.write_text(text.replace(line, line + added).replace(given, given + self.configure))

    def point_at(self, url: str) -> None:
        """Makes `url` the project's database."""
        url = url.replace("%", "%%")
        shown = "driver://user:pass@localhost/dbname" if self.hidden else url
        (self.folder / "url.txt").write_text(url)
        (self.folder / "alembic.ini").write_text(
            self._ini.replace("sqlalchemy.url = driver://user:pass@localhost/dbname", f"sqlalchemy.url = {shown}")
        )


def faults(target: Target, history: History) -> list[str]:
    """What is not as it should be in a database at head; empty when each revision was applied exactly once."""
    found = []
    applications = target.applications()
    for revision in history.revisions:
        if applications.get(revision, 0) != 1:
            found.append(f"{revision} was applied {applications.get(revision, 0)} times")
    if target.versions() != [history.head]:
        found.append(f"the version table holds {target.versions()}")
    missing = history.tables() - target.tables()
    if missing:
        found.append(f"missing tables: {sorted(missing)}")
    return found
