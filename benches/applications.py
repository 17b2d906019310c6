"""Real projects with their application, on SQLite: the virtualenv, the settings and the databases of each."""

import os
import shutil
import subprocess
from pathlib import Path

from support.venvs import ensure_app


def airflow(folder, site):
    """Airflow reads its database's URL from its own settings, so that env.py imports the application."""
    database = folder / "airflow.db"
    environment = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{database}",
        "AIRFLOW_HOME": str(folder / "home"),
    }
    return database, ["-c", str(site / "airflow/alembic.ini")], environment


# env.py calls fileConfig, which wants these.
LOGGING = """
[loggers]
keys = root
[handlers]
keys =
[formatters]
keys =
[logger_root]
level = WARNING
handlers =
"""


def langflow(folder, _site):
    """Langflow's env.py takes the URL from the ini, and imports the models."""
    database = folder / "langflow.db"
    ini = folder / "alembic.ini"
    url = f"sqlite+aiosqlite:///{database}"
    ini.write_text(f"[alembic]\nscript_location = langflow:alembic\nsqlalchemy.url = {url}\n{LOGGING}")
    return database, ["-c", str(ini)], {}


APPLICATIONS = {"airflow": airflow, "langflow": langflow}


def cases(name: str, parent: Path, limbec: Path, case):
    """The cases of one application, and its `alembic`. Makes its virtualenv and its databases.

    "adopted": in a folder with the settings that `limbec adopt` wrote there; everything else is the same.
    """
    program = ensure_app(name) / "bin/alembic"
    site = next(program.parent.parent.glob("lib/python*/site-packages"))
    folder = parent / name
    (folder / "home").mkdir(parents=True)
    database, options, environment = APPLICATIONS[name](folder, site)

    def alembic(*arguments):
        command = [str(program), *options, *arguments]
        done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")

    alembic("upgrade", "head")
    adopted = adopt(limbec, folder, [*options], {**environment, "VIRTUAL_ENV": str(program.parent.parent)})
    at_head = Path(shutil.copyfile(database, folder / "at-head.db"))
    alembic("downgrade", "-1")
    pending = Path(shutil.copyfile(database, folder / "one-pending.db"))

    def make(title, arguments, source=None, where=folder):
        copied = (source, database) if source else None
        return case(name, title, [*options, *arguments], where, dict(environment), copied)

    listed = [
        make("heads", ["heads"]),
        make("history", ["history"]),
        make("current", ["current"], at_head),
        make("current, adopted", ["current"], at_head, adopted),
        make("upgrade, nothing to do", ["upgrade", "head"], at_head),
        make("upgrade, nothing to do, adopted", ["upgrade", "head"], at_head, adopted),
        make("upgrade, one pending", ["upgrade", "head"], pending),
    ]
    return listed, program


def adopt(limbec: Path, folder: Path, options: "list[str]", environment: "dict[str, str]") -> Path:
    """A folder in which limbec knows where the database is, because `limbec adopt` has run env.py once."""
    adopted = folder / "adopted"
    adopted.mkdir()
    (adopted / "limbec.toml").touch()
    command = [str(limbec), *options, "adopt", "--yes"]
    done = subprocess.run(command, cwd=adopted, env={**os.environ, **environment}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return adopted
