"""What the end-to-end tests share: every database that limbec speaks natively."""

import os
import subprocess
from pathlib import Path

import pytest
from support.paths import ROOT
from support.squashing import Squashing
from support.venvs import ensure


@pytest.fixture(params=["sqlite", "postgresql"])
def databases_of(request, tmp_path):
    """A function that makes an empty database of this dialect and returns its URL."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_databases")
    made = []

    def create():
        made.append(f"sqlite:///{tmp_path}/database{len(made)}.db")
        return made[-1]

    return create


@pytest.fixture
def url(databases_of):
    """One empty database, of each dialect in turn."""
    return databases_of()


@pytest.fixture(scope="session")
def frameworks():
    """The virtualenv with FastAPI, Flask and mypy."""
    given = os.environ.get("LIMBEC_TEST_PYTHON_API")
    return Path(given) if given else ensure("python-api")


@pytest.fixture(scope="session")
def installed(frameworks, limbec_bin, tmp_path_factory):
    """The interpreter of a virtualenv that sees the frameworks, with limbec as pip installs it: the binary in `bin`."""
    folder = tmp_path_factory.mktemp("venv") / "venv"
    subprocess.run([frameworks / "bin/python", "-m", "venv", "--without-pip", folder], check=True, timeout=300)
    (packages,) = folder.glob("lib/python*/site-packages")
    (theirs,) = frameworks.glob("lib/python*/site-packages")
    (packages / "theirs.pth").write_text(f"{theirs}\n{ROOT / 'python'}\n")
    (folder / "bin/limbec").symlink_to(limbec_bin)
    return folder / "bin/python"


@pytest.fixture(params=["sqlite", "postgresql"])
def squashing(request, tmp_path, limbec_bin, alembic_bin):
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        return Squashing(tmp_path, request.getfixturevalue("postgres_databases"), server, (alembic_bin, limbec_bin))
    made = []

    def create():
        made.append(f"sqlite:///{tmp_path}/database{len(made)}.db")
        return made[-1]

    return Squashing(tmp_path, create, None, (alembic_bin, limbec_bin))
