"""The annotations of `import limbec`: strict for the package itself, and precise for those who use it."""

import subprocess

import pytest
from support.paths import ROOT

PACKAGE = ROOT / "python/limbec"

USE = """
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Optional

import limbec
from typing_extensions import assert_type

migrations = limbec.Project("alembic.ini", x={"tenant": "acme"}, directory=Path("."))
assert_type(migrations, limbec.Project)
assert_type(limbec.Project.of_package("shop"), limbec.Project)
assert_type(migrations.is_at_head(), bool)
status = migrations.status()
assert_type(status.heads, tuple[str, ...])
assert_type(status.pending[0].state, Literal["applied", "pending", "missing", "unknown"])
assert_type(status.pending[0].applied_at, Optional[datetime])
assert_type(migrations.plan("head").steps[0].direction, Literal["upgrade", "downgrade", "stamp"])
assert_type(migrations.upgrade("head", lock_wait="5s", retries=2).steps[0].duration, timedelta)
assert_type(migrations.validate(["x.py"])[0].level, Literal["error", "warning", "note"])
assert_type(migrations.new("x"), Optional[Path])
assert_type(limbec.__version__, str)
try:
    migrations.downgrade("-1", yes=True, on_event=print)
except limbec.NotAtHead as error:
    assert_type(error.pending, tuple[str, ...])
except limbec.LimbecError as error:
    assert_type(error.status, Optional[int])


def check(projects: Sequence[limbec.Project], options: limbec.ChangeOptions) -> list[limbec.Outcome]:
    return [project.stamp("head", **options) for project in projects]
"""

MISUSE = {
    "migrations.upgrade(lock_weight=1)": "call-arg",
    "migrations.upgrade(yes='no')": "arg-type",
    "migrations.upgrade(lock='exclusive')": "arg-type",
    "migrations.status().heads = ()": "misc",
    "migrations.state()": "attr-defined",
    "limbec.Project(1)": "arg-type",
    "limbec.Nothing": "attr-defined",
}


@pytest.fixture
def mypy(frameworks, tmp_path):
    """A function that checks files strictly, as somebody who has limbec installed, and returns what mypy prints."""

    def check(*arguments, status=0):
        command = [frameworks / "bin/python", "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", *arguments]
        environment = {"MYPYPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    return check


def test_the_package_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").exists()


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_the_package_is_strictly_typed(mypy, version):
    modules = sorted(set(PACKAGE.glob("*.py")) - {PACKAGE / name for name in UNTYPED} | set(PACKAGE.glob("*.pyi")))
    mypy("--python-version", version, *modules)


#: They see what is not in every environment: pytest's and SQLAlchemy's own types.
UNTYPED = ("own_tables.py", "pytest.py", "pytest_plugin.py")


def test_uses_are_typed_and_misuses_are_found(mypy, tmp_path):
    use = tmp_path / "use.py"
    use.write_text(USE)
    mypy(use)
    first = USE.count("\n") + 1
    use.write_text(USE + "".join(f"{line}\n" for line in MISUSE))
    found = mypy(use, status=1)
    for number, (line, code) in enumerate(MISUSE.items(), first):
        assert any(f"use.py:{number}: error:" in told and f"[{code}]" in told for told in found.splitlines()), (
            f"{line}\n{found}"
        )


def test_every_name_is_there_and_explained():
    import sys

    sys.path.insert(0, str(ROOT / "python"))
    import limbec

    page = (ROOT / "docs/python.md").read_text()
    for name in set(limbec.__all__) - {"__version__"}:  # of the metadata of an installation
        assert getattr(limbec, name) is not None and name in dir(limbec)
        if isinstance(getattr(limbec, name), type) and issubclass(getattr(limbec, name), limbec.LimbecError):
            assert f"`{name}`" in page, f"docs/python.md does not have {name}"
    methods = [name for name in vars(limbec.Project) if not name.startswith("_")]
    assert [name for name in methods if f"{name}(" not in page] == []
