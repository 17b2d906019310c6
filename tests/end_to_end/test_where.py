"""Where things are: script directories inside packages, the database behind env.py, and what doctor and adopt say."""

import json
import sys
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from support import databases
from support.projects import Project

# The URL is hidden from any static reader, as in most real projects.
HIDDEN = """from sqlalchemy import create_engine, pool

from alembic import context
from settings import database_url

with create_engine(database_url(), poolclass=pool.NullPool).connect() as connection:
{before}    context.configure(connection=connection{configure})
    with context.begin_transaction():
        context.run_migrations()
"""
SETTINGS = "import os\n\n\ndef database_url():\n    return os.environ['SECRET_PLACE']\n"
PASSWORD = "s3cret-w0rd"


@pytest.fixture
def hidden(tmp_path):
    """A project whose env.py asks the application for the URL."""
    project = Project(tmp_path / "project", "sqlite:///placeholder.db")
    env = HIDDEN.format(before="", configure="")
    (project.folder / "migrations" / "env.py").write_text(env)
    (project.folder / "settings.py").write_text(SETTINGS)
    project.environment = {
        "SECRET_PLACE": f"sqlite:///{tmp_path}/real.db",
        "VIRTUAL_ENV": str(Path(sys.executable).parent.parent),
    }
    text = (project.folder / "alembic.ini").read_text()
    (project.folder / "alembic.ini").write_text(text + "prepend_sys_path = .\n")
    project.add("aaaa", up='op.create_table("kept", sa.Column("id", sa.Integer))')
    return project


def doctor(project, limbec):
    return json.loads(project.run(limbec, "doctor", "--format", "json").out)


def test_a_package_that_only_python_finds(tmp_path, limbec_bin, alembic_bin):
    project = Project(tmp_path / "elsewhere" / "ledger", "sqlite:///x.db")
    (project.folder / "__init__.py").write_text("")
    project.add("aaaa")
    here = tmp_path / "here"
    here.mkdir()
    (here / "alembic.ini").write_text("[alembic]\nscript_location = ledger:migrations\n")
    project.environment = {"PYTHONPATH": str(tmp_path / "elsewhere")}
    project.folder = here
    ours, theirs = (project.run(program, "history", "-v").ok() for program in (limbec_bin, alembic_bin))
    assert ours.out == theirs.out


def test_the_ini_is_not_trusted_where_env_py_asks_the_application(hidden, limbec_bin, alembic_bin):
    hidden.run(limbec_bin, "upgrade", "head").ok()
    assert hidden.run(limbec_bin, "current").ok().out == hidden.run(alembic_bin, "current").ok().out == "aaaa (head)\n"
    found = doctor(hidden, limbec_bin)["database"]
    assert not found["without_python"] and "database_url" in found["why_python"]
    assert found["url"] == hidden.environment["SECRET_PLACE"] and found["rows"] == ["aaaa"]
    assert "env.py" in found["origin"]
    assert not (hidden.folder / "placeholder.db").exists()


def test_adopt_finds_the_variable_and_spares_python(hidden, limbec_bin):
    hidden.run(limbec_bin, "upgrade", "head").ok()
    asked = hidden.run(limbec_bin, "adopt")
    assert asked.status == 1 and 'url = "env:SECRET_PLACE"' in asked.out
    assert not (hidden.folder / "limbec.toml").exists(), "written without consent"

    hidden.run(limbec_bin, "adopt", "--yes").ok()
    assert 'url = "env:SECRET_PLACE"\n' in (hidden.folder / "limbec.toml").read_text()
    found = doctor(hidden, limbec_bin)
    assert found["database"]["rows"] == ["aaaa"] and found["database"]["without_python"]
    assert found["problems"] == []
    no_python = {"VIRTUAL_ENV": "", "PATH": "", "LIMBEC_PYTHON": "/nonexistent/python"}
    assert hidden.run(limbec_bin, "current", **no_python).ok().out == "aaaa (head)\n"
    assert hidden.run(limbec_bin, "upgrade", "head", **no_python).ok().out == ""
    assert "says all this already" in hidden.run(limbec_bin, "adopt", "--yes").ok().out


def test_a_changed_env_py_asks_for_adopt_again(hidden, limbec_bin):
    hidden.run(limbec_bin, "adopt", "--yes").ok()
    env = hidden.folder / "migrations" / "env.py"
    env.write_text(env.read_text() + "\n# changed\n")
    found = doctor(hidden, limbec_bin)
    assert not found["database"]["without_python"]
    assert "changed since" in found["database"]["why_python"]
    assert hidden.run(limbec_bin, "upgrade", "head").ok().out == ""


def test_adopt_keeps_a_pyproject_and_never_writes_a_password(hidden, limbec_bin, postgres_url):
    url = make_url(postgres_url).set(password=PASSWORD).render_as_string(hide_password=False)
    text = '[project]\nname = "a" # the name\n'
    (hidden.folder / "pyproject.toml").write_text(text)
    hidden.environment["SECRET_PLACE"] = url
    hidden.run(limbec_bin, "adopt", "--yes").ok()
    written = (hidden.folder / "pyproject.toml").read_text()
    assert written.startswith(text)
    assert '[tool.limbec]\nurl = "env:SECRET_PLACE"\n' in written
    assert PASSWORD not in written


def test_adopt_refuses_a_connection_that_sees_another_table(hidden, limbec_bin, postgres_url):
    hidden.environment["SECRET_PLACE"] = postgres_url
    before = "    connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS tenant')\n"
    before += "    connection.exec_driver_sql('SET search_path TO tenant')\n    connection.commit()\n"
    (hidden.folder / "migrations" / "env.py").write_text(HIDDEN.format(before=before, configure=""))
    hidden.run(limbec_bin, "upgrade", "head").ok()
    hidden.run(limbec_bin, "adopt", "--yes").failed("other rows", status=1)
    assert not (hidden.folder / "limbec.toml").exists()


def test_a_url_that_env_py_does_not_use_runs_nothing(hidden, limbec_bin, tmp_path):
    other = f"sqlite:///{tmp_path}/other.db"
    failed = hidden.run(limbec_bin, "--url", other, "upgrade", "head")
    failed.failed("env.py connects to", status=255)
    assert databases.versions(hidden.environment["SECRET_PLACE"]) is None
