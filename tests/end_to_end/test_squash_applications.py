"""`limbec squash` on the histories of real applications."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support import databases
from support.projects import Project
from support.venvs import ensure_app
from test_applications import CHOSEN, MLFLOW_TABLES_BEFORE_ALEMBIC

FOLDERS = {"optuna": "optuna/storages/_rdb/alembic", "mlflow": "mlflow/store/db_migrations"}


LOGGING = "[loggers]\nkeys = root\n[handlers]\nkeys =\n[formatters]\nkeys =\n[logger_root]\nhandlers =\n"


def point_at(project, url):
    """The project is about this database; these env.py files want logging to be configured."""
    project.write_ini(url)
    ini = project.folder / "alembic.ini"
    ini.write_text(f"{ini.read_text()}\n{LOGGING}")


@pytest.fixture
def application(request, tmp_path):
    """The application's migrations as those of a project, on SQLite; nobody squashes what is installed."""
    name = request.param
    if name not in CHOSEN:
        pytest.skip(f"{name} is not among LIMBEC_TEST_APPS")
    venv = Path(ensure_app(name))
    (site,) = venv.glob("lib/python*/site-packages")
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/old.db")
    shutil.rmtree(project.folder / "migrations")
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(site / FOLDERS[name], project.folder / "migrations", ignore=ignore)
    point_at(project, project.url)
    path = os.pathsep.join([str(venv / "bin"), os.environ["PATH"]])
    project.environment = {"VIRTUAL_ENV": str(venv), "PATH": path}
    project.python = venv / "bin/python"
    return project


@pytest.mark.parametrize("application", ["optuna"], indirect=True)
def test_a_history_of_its_own(application, limbec_bin):
    application.run(limbec_bin, "upgrade", "head").ok()
    reference = databases.schema(application.url)
    head = application.run(limbec_bin, "heads").ok().out.split()[0]
    application.run(limbec_bin, "squash", "--to", head).ok()
    application.run(application.python, "-m", "alembic", "upgrade", "head").ok()
    new = application.url.replace("old.db", "new.db")
    point_at(application, new)
    application.run(application.python, "-m", "alembic", "upgrade", "head").ok()
    assert databases.schema(new) == reference


@pytest.mark.parametrize("application", ["mlflow"], indirect=True)
def test_a_history_that_needs_tables_of_the_application(application, limbec_bin):
    command = [str(application.python), "-c", MLFLOW_TABLES_BEFORE_ALEMBIC, application.url]
    subprocess.run(command, check=True, cwd=application.folder, capture_output=True)
    application.run(limbec_bin, "upgrade", "head", "--allow-destructive", "--yes").ok()
    reference = databases.schema(application.url)
    head = application.run(limbec_bin, "heads").ok().out.split()[0]
    squash = ["squash", "--to", head, "--without-data"]
    application.run(limbec_bin, *squash).failed("no such table", "--from-database", status=1)
    application.run(limbec_bin, *squash, "--from-database").ok()
    new = application.url.replace("old.db", "new.db")
    point_at(application, new)
    application.run(application.python, "-m", "alembic", "upgrade", "head").ok()
    assert databases.schema(new) == reference
