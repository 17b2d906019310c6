"""probe: what env.py would do, without a database."""

import subprocess

import pytest
from test_environments import has_module

OWN = """
import os
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(os.environ["APP_URL"])
with engine.begin() as connection:
    connection = connection.execution_options(schema_translate_map={"a": "b"})
    context.configure(
        connection=connection,
        version_table="v",
        version_table_schema="s",
        transaction_per_migration=True,
        include_object=lambda *_: True,
    )
    with context.begin_transaction():
        context.run_migrations()
print("printed")
"""


@pytest.mark.parametrize("template", ["generic", "async", "multidb"])
def test_templates(python, make_project, template):
    driver = "asyncpg" if template == "async" else "psycopg2"
    if not has_module(python, driver):
        pytest.skip(f"{driver} is not installed there")
    project = make_project(0)
    subprocess.run(
        [str(python), "-m", "alembic.config", "-c", "new.ini", "init", "-t", template, "fresh"],
        cwd=project.folder,
        check=True,
        capture_output=True,
    )
    ini = project.folder / "new.ini"
    lines = ini.read_text().splitlines()
    url = f"sqlalchemy.url = postgresql+{driver}://me:p%%40ss@nowhere.invalid/db"
    ini.write_text("\n".join(url if line.startswith("sqlalchemy.url") else line for line in lines))
    outcome = project.probe("-c", "new.ini", "current")
    assert outcome.value["needs_connection"] is None
    targets = outcome.value["targets"]
    assert [target["url"] for target in targets] == [f"postgresql+{driver}://me:p%40ss@nowhere.invalid/db"] * len(
        targets
    )
    assert [target["runs"] for target in targets] == [1] * (2 if template == "multidb" else 1)
    assert outcome.stdout == outcome.stderr == ""


def test_what_configure_is_told(make_project):
    project = make_project(2, env=OWN)
    project.line.variables["APP_URL"] = "sqlite:////nowhere/at/all.db"
    outcome = project.probe()
    (target,) = outcome.value["targets"]
    assert target["url"] == "sqlite:////nowhere/at/all.db"
    assert (target["version_table"], target["version_table_schema"]) == ("v", "s")
    assert target["transaction_per_migration"] is True
    assert target["callbacks"] == ["include_object"]
    assert outcome.stdout == ""


def test_env_py_that_uses_its_connection(make_project):
    env = OWN.replace("    context.configure(", "    connection.exec_driver_sql('SELECT 1')\n    context.configure(")
    project = make_project(2, env=env)
    project.line.variables["APP_URL"] = "sqlite:////nowhere/at/all.db"
    value = project.probe().value
    assert value["targets"] == []
    assert [frame["file"].rpartition("/")[2] for frame in value["needs_connection"]][-1:] == ["env.py"]


def test_a_run_after_a_probe_is_in_earnest(make_project):
    from line import invocation

    project = make_project(2)
    requests = [
        invocation("probe", ["current"], None, True),
        invocation("run_env", ["upgrade", "head"], project.scripts),
    ]
    outcome = project.line.run(*requests, host=lambda method, _: project.plan([], "head") if method == "plan" else None)
    assert outcome.outcomes[1] == {"value": None}
    assert project.state() == (["t1", "t2"], ["r2"])
