"""How much of real histories a bundle holds, and whether it leaves what Alembic leaves.

    scripts/with-servers .tools/oracle/bin/python tests/bundles/corpus.py [--venvs DIR] [optuna mlflow airflow …]

Not part of the suite: it takes minutes. For each application: a bundle is built on PostgreSQL; one database is
upgraded by Alembic; another by the bundle without Python, and by limbec with Python where the bundle has no SQL;
then both schemas are compared. The bundle is applied with an empty PATH under strace: no program is started, and
nothing of Python is opened. DIR/NAME is the virtualenv of an application that the tests do not make themselves.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))

from support import databases
from support.paths import limbec_binary
from support.venvs import ensure_app
from test_applications import APPLICATIONS, LOGGERS, MLFLOW_TABLES_BEFORE_ALEMBIC, Application

SERVER = os.environ.get("LIMBEC_TEST_POSTGRES", "")


def database(template=None):
    name = f"limbec_{uuid.uuid4().hex[:16]}"
    databases.run_on_server(SERVER, f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
    return SERVER.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{name}"


def prefect(application):
    site = next(application.venv.glob("lib/python*/site-packages"))
    versions = site / "prefect/server/database/_migrations/versions/postgresql"
    text = f"[alembic]\nscript_location = {versions.parents[1]}\nversion_locations = {versions}\npath_separator = os\n"
    (application.folder / "alembic.ini").write_text(text + LOGGERS.replace("%%", "%"))
    application.environment = {
        "PREFECT_API_DATABASE_CONNECTION_URL": application.url.replace("+psycopg2", "+asyncpg"),
        "PREFECT_HOME": str(application.folder / "home"),
    }


@dataclass
class Subject:
    """How an application is set up, and by what env.py is told its database."""

    set_up: "callable"
    variables: "list[str]" = field(default_factory=list)
    before: "str | None" = None


SUBJECTS = {
    "optuna": Subject(APPLICATIONS["optuna"]),
    "mlflow": Subject(
        lambda application: application.write_ini("mlflow:store/db_migrations"), before=MLFLOW_TABLES_BEFORE_ALEMBIC
    ),
    "airflow": Subject(APPLICATIONS["airflow"], ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]),
    "prefect": Subject(prefect, ["PREFECT_API_DATABASE_CONNECTION_URL"]),
    "langflow": Subject(APPLICATIONS["langflow"]),
    "jupyterhub": Subject(lambda application: application.write_ini("jupyterhub:alembic")),
}


def venv_of(name, folder):
    own = folder and Path(folder) / name
    return own if own and own.is_dir() else ensure_app(name)


def application(name, venv, folder, template=None):
    (folder / "home").mkdir(parents=True)
    made = Application(venv, folder, database(template), [], {})
    SUBJECTS[name].set_up(made)
    return made


def template_of(name, venv, folder):
    """The name of a database with what the application makes before its first revision."""
    if SUBJECTS[name].before is None:
        return None
    url = database()
    subprocess.run([venv / "bin/python", "-c", SUBJECTS[name].before, url], check=True, cwd=folder, capture_output=True)
    return url.rpartition("/")[2]


def apply(limbec, bundle, url, revision="heads"):
    """By the bundle alone: no PATH, no virtualenv, another folder."""
    trace = bundle.with_suffix(".trace")
    strace = shutil.which("strace")
    traced = [strace, "-f", "-qq", "-e", "trace=execve,fork,vfork,openat", "-o", str(trace)] if strace else []
    command = [*traced, str(limbec), "bundle", "apply", str(bundle), revision, "--url", url, "--yes"]
    done = subprocess.run(command, cwd=bundle.parent, env={"PATH": "/nowhere"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    if traced:
        lines = trace.read_text().splitlines()
        assert len([line for line in lines if re.search(r"\b(execve|fork|vfork)\(", line)]) == 1, lines
        opened = [line for line in lines if "openat(" in line]
        assert opened and not [line for line in opened if "python" in line.lower()], opened


def measure(name, venv, folder, limbec):
    """One line of the table, and the reasons."""
    template = template_of(name, venv, folder)
    ours, theirs = (application(name, venv, folder / who, template) for who in ("limbec", "alembic"))
    bundle = folder / "out" / f"{name}.bundle"
    bundle.parent.mkdir()
    options = ["--server", SERVER, *(["--template", template] if template else [])]
    options += [part for variable in SUBJECTS[name].variables for part in ("--url-variable", variable)]
    static = json.loads(ours.run(limbec, "bundle", "build", "--dry-run", "--format", "json").out)
    read = f"{static['proven']} of {static['wanted']} by their text"
    told = ours.run(limbec, "bundle", "build", "--allow-missing", "--format", "json", "-o", str(bundle), *options)
    if told.status != 0:
        return f"{name}: {read}; no bundle: {told.err.strip()[:600]}", []
    found = json.loads(told.out)
    missing = {each["revision"]: each["reason"] for each in found["needs_python"] if each["direction"] == "upgrade"}
    downgrades = [each for each in found["needs_python"] if each["direction"] == "downgrade"]
    theirs.run(theirs.venv / "bin/alembic", "upgrade", "head").ok()
    ours = take_turns(name, ours, bundle, limbec, missing, template)
    same = databases.schema(ours.url) == databases.schema(theirs.url)
    same = same and databases.versions(ours.url) == databases.versions(theirs.url)
    wanted, size = found["wanted"], bundle.stat().st_size
    line = (
        f"{name}: {read}; {wanted - len(missing)} of {wanted} upgrades, {wanted - len(downgrades)} of {wanted}"
        f" downgrades, {size} bytes; the schema is {'the same' if same else 'ANOTHER ONE'} as Alembic's"
    )
    return line, sorted(missing.items())


def take_turns(name, ours, bundle, limbec, missing, template):
    """The bundle without Python where it has the SQL, and limbec with Python where it has not."""
    plan = json.loads(ours.run(limbec, "plan", "upgrade", "head", "--from", "base", "--format", "json").ok().out)
    steps = [step["revision"] for step in plan.get("steps", plan.get("plans", [{}])[0].get("steps", []))]
    for is_missing, revisions in groupby(steps, key=lambda revision: revision in missing):
        last = list(revisions)[-1]
        if not is_missing:
            apply(limbec, bundle, ours.url, last)
        elif ours.run(limbec, "upgrade", last).status != 0:
            # Later revisions may need what SQLAlchemy remembers of a run: Python goes as far as it is needed, at once.
            print(f"    {name}: the revisions before {last} run in one run of Python")
            ours = application(name, ours.venv, ours.folder.parent / "again", template)
            after = [revision in missing for revision in steps][::-1].index(True)
            ours.run(limbec, "upgrade", steps[len(steps) - after - 1]).ok()
            if after:
                apply(limbec, bundle, ours.url, steps[-1])
            break
    return ours


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--venvs")
    arguments = parser.parse_args()
    for name in arguments.names or ["optuna", "mlflow", "airflow"]:
        with tempfile.TemporaryDirectory() as folder:
            line, reasons = measure(name, venv_of(name, arguments.venvs), Path(folder), limbec_binary())
            for revision, reason in reasons:
                print("   ", revision, reason.splitlines()[0][:200])
            print(line, flush=True)


if __name__ == "__main__":
    main()
