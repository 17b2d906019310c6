"""The Python package: it finds the binary, in a `pip install --target` layout here."""

import os
import shutil
import subprocess
import sys

import pytest
import tomllib
from support.paths import ROOT


@pytest.fixture
def installed(tmp_path):
    """The package with a binary that tells how it was called."""
    shutil.copytree(ROOT / "python/limbec", tmp_path / "limbec", ignore=shutil.ignore_patterns("driver", "*.so"))
    binary = tmp_path / "bin/limbec"
    binary.parent.mkdir()
    binary.write_text('#!/bin/sh\necho "$LIMBEC_PYTHON" "$@"\nexit 7\n')
    binary.chmod(0o755)
    return tmp_path


def run(installed, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    environment.pop("LIMBEC_PYTHON", None)
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


def test_python_m_limbec_is_the_binary_with_this_python(installed):
    done = run(installed, "-m", "limbec", "upgrade", "two words")
    assert (done.returncode, done.stdout, done.stderr) == (7, f"{sys.executable} upgrade two words\n", "")


def test_find_limbec_bin(installed):
    code = "import limbec; print(limbec.find_limbec_bin())"
    assert run(installed, "-c", code).stdout == f"{installed}/bin/limbec\n"
    (installed / "bin/limbec").unlink()
    done = run(installed, "-c", code)
    assert done.stderr.splitlines()[-1].startswith("FileNotFoundError: no limbec in ")


def test_one_version():
    """Cargo.toml and pyproject.toml each have to name it."""
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["version"], project["license"]) == (cargo["version"], cargo["license"])
