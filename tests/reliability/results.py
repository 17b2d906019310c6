"""Figures that are kept until a page is written from them; several scripts may run at once. Standard library only."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

from support.paths import ROOT

FOLDER = ROOT / "target/reliability"


def keep(kind: str, name: str, value: dict) -> None:
    """Keeps a result under a name, in place of an earlier one."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(file_of(kind), "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        known = json.loads(file.read() or "{}")
        known[name] = value
        file.truncate(0)
        file.write(json.dumps(known, indent=1))


def kept(kind: str) -> dict:
    """All results of a kind."""
    path = file_of(kind)
    return json.loads(path.read_text()) if path.exists() else {}


def file_of(kind: str) -> Path:
    return FOLDER / f"{kind}.json"
