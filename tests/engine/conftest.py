"""The driver is tested on the oldest, a middle and the newest Alembic, each in a virtualenv of its own."""

import os
from pathlib import Path

import pytest
from project import ENV, Project

VENVS = {"oldest": "LIMBEC_TEST_OLD", "middle": "LIMBEC_TEST_MIDDLE", "newest": "LIMBEC_TEST_ORACLE"}


@pytest.fixture(params=VENVS)
def python(request) -> Path:
    """The interpreter of a virtualenv with Alembic."""
    folder = os.environ.get(VENVS[request.param])
    if not folder:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{VENVS[request.param]} names no virtualenv")
    return Path(folder) / "bin/python3"


@pytest.fixture
def make_project(python, tmp_path):
    """A function that writes a project for this interpreter."""

    def make(count=3, url="sqlite:///test.db", env=ENV):
        return Project(python, tmp_path, count, url, env)

    return make
