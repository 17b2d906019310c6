"""How the scripts of this folder get what they need when run alone: the oracle's Python, PostgreSQL, PgBouncer."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from support.paths import ROOT
from support.venvs import ensure


def ensure_environment(script: str) -> None:
    """Returns where Alembic can be imported and servers run; starts the script anew beside them otherwise."""
    venv = ensure("oracle")
    if Path(sys.prefix).resolve() == venv.resolve() and os.environ.get("LIMBEC_TEST_POSTGRES_TRUSTED"):
        os.environ["VIRTUAL_ENV"] = str(venv)
        os.environ["PATH"] = os.pathsep.join([str(venv / "bin"), os.environ["PATH"]])
        return
    command = [str(ROOT / "scripts/with-servers"), str(venv / "bin/python"), script, *sys.argv[1:]]
    os.execv(command[0], command)
