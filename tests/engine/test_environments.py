"""Kinds of env.py: async, several databases, the callbacks of configure()."""

import os
import subprocess

import pytest

ASYNC = """
import asyncio
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()

async def main():
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url"))
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()

asyncio.run(main())
"""

MULTIDB = """
from alembic import context
from sqlalchemy import create_engine
for name in ("one", "two"):
    with create_engine(f"sqlite:///{name}.db").connect() as connection:
        context.configure(connection=connection, upgrade_token=f"{name}_upgrades")
        with context.begin_transaction():
            context.run_migrations(engine_name=name)
"""

CALLBACKS = """
from alembic import context
from sqlalchemy import create_engine

def applied(*, ctx, step, heads, run_args):
    print("applied", step.up_revision_id, sorted(heads), step.up_revision.doc)

with create_engine("sqlite:///test.db").connect() as connection:
    context.configure(connection=connection, on_version_apply=applied, version_table="my_versions")
    print(context.get_head_revision(), context.get_starting_revision_argument())
    with context.begin_transaction():
        context.run_migrations()
"""


def has_module(python, name):
    return subprocess.run([str(python), "-c", f"import {name}"], capture_output=True).returncode == 0


@pytest.mark.parametrize("mode", [None, "per-revision", "per-run"])
def test_async(make_project, python, mode):
    if not has_module(python, "aiosqlite"):
        pytest.skip("aiosqlite is not installed there")
    project = make_project(3, "sqlite+aiosqlite:///test.db", ASYNC)
    assert project.run_env("upgrade", "r2", transaction=mode).value is None
    assert project.state() == (["t1", "t2"], ["r2"])
    project.revision(3, "op.execute('CREATE TABLE t3 (id INTEGER)')", "raise ValueError('in the middle')")
    assert project.run_env("upgrade", "head", transaction=mode).failure["message"] == "in the middle"
    # pysqlite lets DDL through by itself; under limbec's modes it does not.
    assert project.state() == (["t1", "t2"] + ([] if mode else ["t3"]), ["r2"])


def test_several_databases_are_planned_one_by_one(make_project):
    project = make_project(2, env=MULTIDB)
    for number in (1, 2):
        path = project.folder / f"migrations/versions/r{number}_.py"
        path.write_text(path.read_text().replace("def upgrade():", "def upgrade(engine_name):"))
    project.run_env("upgrade", "head")
    assert project.state("one.db") == project.state("two.db") == (["t1", "t2"], ["r2"])
    os.remove(project.folder / "one.db")
    outcome = project.run_env("upgrade", "head")
    assert [params["heads"] for params in outcome.called("plan")] == [[], ["r2"]]
    assert [params["target"]["url"] for params in outcome.called("plan")] == ["sqlite:///one.db", "sqlite:///two.db"]
    assert outcome.called("finished") == [{"heads": ["r2"]}] * 2


def test_callbacks_and_questions_of_env_py(make_project):
    outcome = make_project(2, env=CALLBACKS).run_env("upgrade", "head")
    assert outcome.stdout.split("\n") == ["r2 None", "applied r1 ['r1'] number 1", "applied r2 ['r2'] number 2", ""]
    assert outcome.called("plan")[0]["target"]["version_table"] == "my_versions"


def test_postgresql(make_project, postgres_url, python):
    if not has_module(python, "psycopg2"):
        pytest.skip("psycopg2 is not installed there")
    project = make_project(3, postgres_url)
    outcome = project.run_env("upgrade", "head")
    assert outcome.called("finished") == [{"heads": ["r3"]}]
    assert outcome.called("plan")[0]["target"]["url"] == postgres_url
    assert project.run_env("downgrade", "base").called("finished") == [{"heads": []}]
