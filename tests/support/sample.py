"""The sample project in alembic/, run against databases of a test's own."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from support.paths import ROOT

SECTIONS = ("common", "tenant")
VARIABLES = {"common": "LEDGER_COMMON_URL", "tenant": "LEDGER_TENANT_URL"}


@dataclass
class Run:
    """What a command left: exit status and both streams."""

    status: int
    out: str
    err: str

    def ok(self) -> "Run":
        assert self.status == 0, f"exit status {self.status}\n{self.out}\n{self.err}"
        return self


def run(program: Path, *arguments: str, cwd: Path, environment: "dict[str, str] | None" = None) -> Run:
    """Run a program with the test's environment and `environment` on top; never raises for its exit status."""
    done = subprocess.run(
        [str(program), *arguments],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def copy_to(folder: Path) -> Path:
    """A copy of the sample without databases and bytecode; returns the copy's folder."""
    return Path(
        shutil.copytree(ROOT / "alembic", folder / "alembic", ignore=shutil.ignore_patterns("*.db", "__pycache__"))
    )


def command(program: Path, section: str, url: str, *arguments: str) -> Run:
    """One command of one section of the sample, on the database at `url`."""
    ini = str(ROOT / "alembic" / "alembic.ini")
    # No bytecode beside the files of the repository.
    environment = {VARIABLES[section]: url, "PYTHONDONTWRITEBYTECODE": "1"}
    return run(program, "-c", ini, "-n", section, *arguments, cwd=ROOT, environment=environment)
