"""How much of real histories a bundle holds, and whether it leaves what Alembic leaves.

    scripts/with-servers .tools/oracle/bin/python tests/bundles/corpus.py [optuna mlflow airflow]

Not part of the suite: it takes minutes. For each application: a bundle is built on PostgreSQL; one database is
upgraded by Alembic; another by the bundle without Python, and by limbec with Python where the bundle has no SQL;
then both schemas are compared.
"""

import json
import os
import subprocess
import sys
import tempfile
import uuid
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))

from support import databases
from support.paths import limbec_binary
from support.venvs import ensure_app
from test_applications import APPLICATIONS, Application

SERVER = os.environ["LIMBEC_TEST_POSTGRES"]


def database():
    name = f"limbec_{uuid.uuid4().hex[:16]}"
    databases.run_on_server(SERVER, f"CREATE DATABASE {name}")
    return SERVER.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{name}"


def application(name, folder):
    (folder / "home").mkdir(parents=True)
    made = Application(ensure_app(name), folder, database(), [], {})
    APPLICATIONS[name](made)
    return made


def apply(limbec, bundle, url, revision):
    """By the bundle alone: no PATH, no virtualenv, another folder."""
    command = [str(limbec), "bundle", "apply", str(bundle), revision, "--url", url, "--yes"]
    done = subprocess.run(command, cwd=bundle.parent, env={"PATH": "/nowhere"}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def measure(name, folder, limbec):
    ours, theirs = application(name, folder / "limbec"), application(name, folder / "alembic")
    bundle = folder / "out" / f"{name}.bundle"
    bundle.parent.mkdir()
    server = ["--server", SERVER]
    variables = []
    for variable in ours.environment:
        if "CONN" in variable:
            variables += ["--url-variable", variable]
    told = ours.run(
        limbec, "bundle", "build", "--allow-missing", "--format", "json", "-o", str(bundle), *server, *variables
    )
    if told.status != 0:
        return f"{name}: no bundle: {told.err.strip().splitlines()[0]}"
    found = json.loads(told.out)
    missing = {each["revision"]: each["reason"] for each in found["needs_python"] if each["direction"] == "upgrade"}
    downgrades = [each for each in found["needs_python"] if each["direction"] == "downgrade"]
    theirs.run(theirs.venv / "bin/alembic", "upgrade", "head").ok()
    plan = json.loads(ours.run(limbec, "plan", "upgrade", "head", "--from", "base", "--format", "json").ok().out)
    steps = [step["revision"] for step in plan.get("steps", plan.get("plans", [{}])[0].get("steps", []))]
    for is_missing, revisions in groupby(steps, key=lambda revision: revision in missing):
        last = list(revisions)[-1]
        if not is_missing:
            apply(limbec, bundle, ours.url, last)
        elif ours.run(limbec, "upgrade", last).status != 0:
            # Later revisions may need what SQLAlchemy remembers of a run: Python goes as far as it is needed, at once.
            ours = application(name, folder / "again")
            after = [revision in missing for revision in steps][::-1].index(True)
            ours.run(limbec, "upgrade", steps[len(steps) - after - 1]).ok()
            if after:
                apply(limbec, bundle, ours.url, steps[-1])
            break
    same = databases.schema(ours.url) == databases.schema(theirs.url)
    same = same and databases.versions(ours.url) == databases.versions(theirs.url)
    for reason in sorted(missing.values()):
        print("   ", reason.splitlines()[0][:150], flush=True)
    wanted, size = found["wanted"], bundle.stat().st_size
    return (
        f"{name}: {wanted - len(missing)} of {wanted} upgrades, {wanted - len(downgrades)} of {wanted} downgrades,"
        f" {size} bytes; the schema is {'the same' if same else 'ANOTHER ONE'} as Alembic's"
    )


def main(names):
    limbec = limbec_binary()
    for name in names or ["optuna", "mlflow", "airflow"]:
        with tempfile.TemporaryDirectory() as folder:
            print(measure(name, Path(folder), limbec), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
