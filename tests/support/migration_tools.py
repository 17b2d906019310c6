"""Other migration tools, as far as they can be had here. Standard library only.

    python3 tests/support/migration_tools.py sqlx      # builds sqlx-cli under .tools, which takes ten minutes

dbmate comes with npm, in seconds. The others of docs/import.md are in no registry that the tests use: their tables are
written by support/tracking_tables.py.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.paths import TOOLS

DBMATE = "2.36.0"
SQLX = "0.9.0"


def dbmate() -> Path | None:
    """The program: installed, under .tools, or out of the package for npm."""
    folder = TOOLS / "dbmate"
    found = shutil.which("dbmate") or shutil.which("dbmate", path=str(folder))
    if found:
        return Path(found)
    if not shutil.which("npm"):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    pack = ["npm", "pack", "--silent", f"@dbmate/linux-x64@{DBMATE}"]
    if subprocess.run(pack, cwd=folder, capture_output=True, timeout=300).returncode:
        return None
    for package in folder.glob("*.tgz"):
        with tarfile.open(package) as archive:
            (folder / "dbmate").write_bytes(archive.extractfile("package/bin/dbmate").read())
        package.unlink()
    (folder / "dbmate").chmod(0o755)
    return folder / "dbmate"


def sqlx() -> Path | None:
    """The program: installed, or built under .tools before."""
    found = shutil.which("sqlx") or shutil.which("sqlx", path=str(TOOLS / "sqlx/bin"))
    return Path(found) if found else None


def build_sqlx() -> None:
    """As `cargo install` does it."""
    features = ["--no-default-features", "--features", "postgres,sqlite,rustls"]
    command = ["cargo", "install", "sqlx-cli", "--version", SQLX, "--debug", *features, "--root", str(TOOLS / "sqlx")]
    subprocess.run(command, check=True)


if __name__ == "__main__" and sys.argv[1:] == ["sqlx"]:
    build_sqlx()
