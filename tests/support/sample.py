"""The sample project in alembic/, run against databases of a test's own."""

import shutil
from pathlib import Path

from support.paths import ROOT
from support.projects import Run, run

SECTIONS = ("common", "tenant")
VARIABLES = {"common": "LEDGER_COMMON_URL", "tenant": "LEDGER_TENANT_URL"}


def copy_to(folder: Path) -> Path:
    """A copy of the sample without databases and bytecode; returns the copy's folder."""
    return Path(
        shutil.copytree(ROOT / "alembic", folder / "alembic", ignore=shutil.ignore_patterns("*.db", "__pycache__"))
    )


def command(program: Path, section: str, url: str, *arguments: str, folder: Path = ROOT / "alembic") -> Run:
    """One command of one section of the sample, or of a copy of it in `folder`, on the database at `url`."""
    # No bytecode beside the files of the repository.
    # The sample is seeded: its downgrades lose rows, and limbec would want a yes for each.
    environment = {VARIABLES[section]: url, "PYTHONDONTWRITEBYTECODE": "1", "LIMBEC_YES": "1"}
    ini = str(folder / "alembic.ini")
    return run(program, "-c", ini, "-n", section, *arguments, cwd=folder.parent, environment=environment)
