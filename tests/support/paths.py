"""Where things are in the repository, and which binaries are under test."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
REQUIREMENTS = Path(__file__).resolve().parent / "requirements"


def limbec_binary() -> Path:
    """The limbec under test: LIMBEC_BIN, else the newest of the debug and the release build."""
    given = os.environ.get("LIMBEC_BIN")
    if given:
        return Path(given)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
    built = [path for path in (target / "debug/limbec", target / "release/limbec") if path.exists()]
    if not built:
        raise FileNotFoundError("limbec is not built: run `cargo build`")
    return max(built, key=lambda path: path.stat().st_mtime)


def alembic_binary() -> Path:
    """The `alembic` that limbec is compared with: that of the interpreter that runs the tests."""
    return Path(sys.executable).parent / "alembic"
