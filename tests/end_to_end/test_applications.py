"""Real applications with their own env.py, from an empty database: what limbec makes is what Alembic makes."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import databases
from support.projects import run
from support.venvs import ensure_app

CHOSEN = os.environ.get("LIMBEC_TEST_APPS", "optuna mlflow airflow").split()
LOGGERS = """
[loggers]
keys = root,alembic
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARNING
handlers = console
[logger_alembic]
level = INFO
handlers =
qualname = alembic
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %%(levelname)-5.5s [%%(name)s] %%(message)s
"""
MLFLOW_TABLES_BEFORE_ALEMBIC = """
import sys
from mlflow.store.tracking.dbmodels.initial_models import Base
from sqlalchemy import create_engine
Base.metadata.create_all(create_engine(sys.argv[1]))
"""


@dataclass
class Application:
    """One installed application, set up for one database."""

    venv: Path
    folder: Path
    url: str
    options: "list[str]"
    environment: "dict[str, str]"

    def run(self, program, *arguments):
        variables = {
            **self.environment,
            "VIRTUAL_ENV": str(self.venv),
            "PATH": os.pathsep.join([str(self.venv / "bin"), os.environ["PATH"]]),
        }
        return run(program, *self.options, *arguments, cwd=self.folder, environment=variables)

    def write_ini(self, location):
        text = f"[alembic]\nscript_location = {location}\nsqlalchemy.url = {self.url.replace('%', '%%')}\n"
        (self.folder / "alembic.ini").write_text(text + LOGGERS.replace("%%", "%"))


def optuna(application):
    application.write_ini("optuna:storages/_rdb/alembic")


def mlflow(application):
    application.write_ini("mlflow:store/db_migrations")
    command = [str(application.venv / "bin/python"), "-c", MLFLOW_TABLES_BEFORE_ALEMBIC, application.url]
    subprocess.run(command, check=True, cwd=application.folder, capture_output=True)


def airflow(application):
    site = next(application.venv.glob("lib/python*/site-packages"))
    application.options = ["-c", str(site / "airflow/alembic.ini")]
    application.environment = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": application.url,
        "AIRFLOW_HOME": str(application.folder / "home"),
    }


def langflow(application):
    application.url = application.url.replace("sqlite:", "sqlite+aiosqlite:").replace("+psycopg2", "+psycopg")
    application.write_ini("langflow:alembic")


APPLICATIONS = {"optuna": optuna, "mlflow": mlflow, "airflow": airflow, "langflow": langflow}


@pytest.fixture(params=list(APPLICATIONS))
def install(request, databases_of, tmp_path):
    """A function that sets one application up on an empty database of its own."""
    if request.param not in CHOSEN:
        pytest.skip(f"{request.param} is not in LIMBEC_TEST_APPS")
    venv = ensure_app(request.param)

    def prepare(name):
        folder = tmp_path / name
        (folder / "home").mkdir(parents=True)
        application = Application(venv, folder, databases_of(), [], {})
        APPLICATIONS[request.param](application)
        return application

    return prepare


def look(application):
    """What is compared: schema and version table. From outside, so by the drivers of the tests."""
    url = application.url.replace("+aiosqlite", "").replace("+psycopg:", "+psycopg2:")
    return databases.versions(url), databases.schema(url)


def test_from_empty_to_head_and_back(install, limbec_bin):
    ours, theirs = install("limbec"), install("alembic")
    alembic = theirs.venv / "bin/alembic"
    for command in (["upgrade", "head"], ["downgrade", "-1"], ["upgrade", "head"], ["upgrade", "head"]):
        theirs.run(alembic, *command).ok()
        ours.run(limbec_bin, *command).ok()
        assert look(ours)[0] == look(theirs)[0], command
        assert look(ours)[1] == look(theirs)[1], command
    head = look(ours)[0][0]
    for command in (["heads"], ["current"]):
        said = ours.run(limbec_bin, *command).ok().out
        assert head in said and "(head)" in said
    # The databases change hands.
    ours.run(alembic, "downgrade", "-1").ok()
    theirs.run(limbec_bin, "downgrade", "-1").ok()
    assert look(ours) == look(theirs)
