"""Virtualenvs under .tools/, one for each file in tests/support/requirements. Standard library only.

    python3 tests/support/venvs.py oracle old
    python3 tests/support/venvs.py --app optuna

A venv is made again when its requirements or the interpreter changed, and left alone otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.paths import REQUIREMENTS, TOOLS

# The newest SQLAlchemy, which the oracle runs on, asks for this.
OLDEST_FOR_TESTS = (3, 11)
INTERPRETERS = ("python3", "python3.11", "python3.12", "python3.13", "python3.14")


def version_of(interpreter: str) -> tuple[int, ...] | None:
    """`(3, 11, 7)` for an interpreter that runs and has venv; None for one that does not."""
    code = "import sys, venv, ensurepip; print(*sys.version_info[:3])"
    try:
        done = subprocess.run([interpreter, "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else None


def interpreter_for_tests() -> str:
    """The first that is new enough for the oracle: LIMBEC_TEST_PYTHON, python3, then the versioned names."""
    tried = []
    for name in filter(None, (os.environ.get("LIMBEC_TEST_PYTHON"), *INTERPRETERS)):
        version = version_of(name)
        if version and version >= OLDEST_FOR_TESTS:
            return shutil.which(name) or name
        tried.append(f"{name}: {'.'.join(map(str, version)) if version else 'not there, or without venv'}")
    raise SystemExit(
        "The tests need Python 3.11 or newer with venv (set LIMBEC_TEST_PYTHON). Tried " + ", ".join(tried)
    )


def other_interpreters() -> list[str]:
    """One path for each minor version of Python from 3.9 that is found: on PATH, and pyenv's."""
    names = [shutil.which(f"python3.{minor}") for minor in range(9, 15)]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    names += [str(path) for path in sorted(pyenv.glob("3.*/bin/python3"))]
    found: dict[tuple[int, ...], str] = {}
    for name in filter(None, names):
        version = version_of(name)
        if version:
            found.setdefault(version[:2], name)
    return [found[key] for key in sorted(found) if (3, 9) <= key]


def ensure(name: str, folder: Path | None = None, interpreter: str | None = None) -> Path:
    """The venv of requirements/NAME.txt, made when it is missing or stale; returns its folder."""
    interpreter = interpreter or interpreter_for_tests()
    requirements = REQUIREMENTS / f"{name}.txt"
    folder = folder or TOOLS / name
    key = hashlib.sha256(requirements.read_bytes() + repr((interpreter, version_of(interpreter))).encode()).hexdigest()
    with only_one(folder):
        return made(name, folder, interpreter, requirements, key)


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Whoever else makes the same venv, from another checkout perhaps, is waited for."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f".{folder.name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made(name: str, folder: Path, interpreter: str, requirements: Path, key: str) -> Path:
    """The venv of a key, made unless it is there."""
    stamp = folder / "requirements.sha256"
    if stamp.exists() and stamp.read_text() == key:
        return folder
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([interpreter, "-m", "venv", str(folder)], check=True)
    python = str(folder / "bin/python")
    # An old pip takes minutes to resolve what a new one does in seconds.
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--upgrade", "pip"], check=True)
    subprocess.run([*pip, "--requirement", str(requirements)], check=True)
    stamp.write_text(key)
    print(f"venv {name}: ready after {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return folder


def ensure_app(name: str) -> Path:
    """The venv of a real application (optuna, mlflow, airflow, langflow), under .tools/apps."""
    return ensure(name, TOOLS / "apps" / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--app", action="append", default=[], metavar="NAME")
    arguments = parser.parse_args()
    for name in arguments.names:
        print(ensure(name))
    for name in arguments.app:
        print(ensure_app(name))


if __name__ == "__main__":
    main()
