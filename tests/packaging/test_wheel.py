"""One wheel for every Python from 3.9: binary, engine and package, installed as `pip install .` does it."""

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from support.paths import ROOT
from support.projects import Project, run
from support.venvs import other_interpreters


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Built once, as pip builds it for an installation: in an environment of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    # What is in it is tested here, and not how fast that is: linking the whole program as one takes minutes.
    faster = {"CARGO_PROFILE_RELEASE_LTO": "off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16"}
    faster["CARGO_PROFILE_RELEASE_OPT_LEVEL"] = "1"
    subprocess.run(command, check=True, timeout=3000, env={**os.environ, **faster})
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session", params=other_interpreters() or [sys.executable], ids=lambda path: Path(path).name)
def installed(request, wheel, tmp_path_factory):
    """The `bin` of a fresh virtualenv that has the wheel."""
    folder = tmp_path_factory.mktemp("venv") / "venv"
    subprocess.run([request.param, "-m", "venv", str(folder)], check=True, timeout=300)
    pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, timeout=300)
    return folder / "bin"


def test_the_name_says_that_it_fits_every_python(wheel):
    assert "-cp39-abi3-" in wheel.name


def test_binary_package_and_engine_are_there(installed, tmp_path):
    environment = {"VIRTUAL_ENV": "", "PATH": os.environ["PATH"]}
    version = run(installed / "limbec", "--version", cwd=tmp_path, environment=environment).ok().out
    assert version.startswith("limbec ")
    python = installed / "python"
    assert run(python, "-m", "limbec", "--version", cwd=tmp_path, environment=environment).ok().out == version
    imported = "import limbec, limbec._engine; print(limbec.__version__)"
    assert run(python, "-c", imported, cwd=tmp_path).ok().out.strip() == version.split()[1]


def test_the_wheel_has_the_whole_package(wheel):
    """What is under python/limbec, save for the driver, whose text the binary carries."""
    names = {path.name for path in (ROOT / "python/limbec").iterdir() if path.suffix in (".py", ".pyi", ".typed")}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name.partition("/")[2] for name in archive.namelist() if name.startswith("limbec/")}
    assert {name for name in packed if not name.startswith("_engine.abi3")} == names


def test_the_api_finds_its_binary(installed, tmp_path):
    """On every Python, without Alembic: what the revision files say, and an exception."""
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    project.add("aaaa")
    code = "import limbec; project = limbec.Project()\nprint(project.heads()[0].revision, project.is_at_head())\n"
    code += "try: project.check_at_head()\nexcept limbec.NotAtHead as error: print(error.pending)"
    environment = {"VIRTUAL_ENV": "", "PATH": "/usr/bin:/bin"}
    done = run(installed / "python", "-c", code, cwd=project.folder, environment=environment).ok()
    assert done.out == "aaaa False\n('aaaa',)\n"


def test_it_runs_revisions_beside_the_projects_own_alembic(wheel, tmp_path):
    """In a virtualenv that sees the Alembic of the tests, which is not told to limbec in any way."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True, symlinks=True)
    python = folder / "bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)], check=True, timeout=300)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    (packages,) = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    theirs = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    (Path(packages) / "theirs.pth").write_text(theirs)

    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    project.add("aaaa", up='op.create_table("kept", sa.Column("id", sa.Integer))')
    environment = {"VIRTUAL_ENV": "", "PATH": "/usr/bin:/bin"}
    limbec = folder / "bin/limbec"
    project.run(limbec, "upgrade", "head", **environment).ok()
    assert project.run(limbec, "current", **environment).ok().out == "aaaa (head)\n"
    doctor = project.run(limbec, "doctor", **environment).ok().out
    assert str(folder) in doctor and "in this process" in doctor, doctor
