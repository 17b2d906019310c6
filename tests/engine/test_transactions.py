"""A failure in revision 3 of 5, in each transaction mode; what is left is what the mode promises."""

import pytest
from test_environments import has_module

MODES = [None, "per-revision", "per-run"]
EXTERNAL = """
from alembic import context
from sqlalchemy import create_engine
with create_engine(context.config.get_main_option("sqlalchemy.url")).begin() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def break_third(project):
    project.revision(
        3,
        "op.execute('CREATE TABLE t3 (id INTEGER)')",
        "op.execute('INSERT INTO t1 (id) VALUES (3)')",
        "raise ValueError('in the middle')",
    )


def mend_third(project):
    project.revision(3, "op.execute('CREATE TABLE t3 (id INTEGER)')")


@pytest.mark.parametrize("mode", MODES)
def test_sqlite(make_project, mode):
    project = make_project(5)
    break_third(project)
    assert project.run_env("upgrade", "head", transaction=mode).failure["type"] == "ValueError"
    left = {
        None: (["t1", "t2", "t3"], ["r2"]),
        "per-revision": (["t1", "t2"], ["r2"]),
        "per-run": ([], None),
    }
    assert project.state() == left[mode]
    if mode is not None:
        mend_third(project)
        assert project.run_env("upgrade", "head", transaction=mode).value is None
        assert project.state() == (["t1", "t2", "t3", "t4", "t5"], ["r5"])


@pytest.mark.parametrize("mode", MODES)
def test_postgresql(make_project, postgres_url, python, mode):
    if not has_module(python, "psycopg2"):
        pytest.skip("psycopg2 is not installed there")
    psycopg2 = pytest.importorskip("psycopg2")
    project = make_project(5, postgres_url)
    break_third(project)
    assert project.run_env("upgrade", "head", transaction=mode).failure["type"] == "ValueError"
    with psycopg2.connect(postgres_url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor]
    connection.close()
    assert tables == (["alembic_version", "t1", "t2"] if mode == "per-revision" else [])
    mend_third(project)
    outcome = project.run_env("upgrade", "head", transaction=mode)
    assert outcome.called("plan")[0]["heads"] == (["r2"] if mode == "per-revision" else [])
    assert outcome.called("finished") == [{"heads": ["r5"]}]


def test_a_connection_in_a_transaction_cannot_be_cut(make_project):
    project = make_project(5, env=EXTERNAL)
    break_third(project)
    failure = project.run_env("upgrade", "head", transaction="per-revision").failure
    assert failure["kind"] == "command_error"
    assert "already in a transaction" in failure["message"]
    assert project.state() == ([], None)
    project.run_env("upgrade", "head", transaction="per-run")
    assert project.state() == ([], None)
    mend_third(project)
    assert project.run_env("upgrade", "head", transaction="per-run").value is None
    assert project.state() == (["t1", "t2", "t3", "t4", "t5"], ["r5"])


def test_autocommit_block_on_sqlite(make_project):
    project = make_project(3)
    project.revision(2, "with op.get_context().autocommit_block():", "    op.execute('VACUUM')")
    assert project.run_env("upgrade", "head", transaction="per-revision").value is None
    assert project.state() == (["t1", "t3"], ["r3"])
    break_third(project)
    project.run_env("downgrade", "r2")
    assert project.run_env("upgrade", "head", transaction="per-revision").failure["type"] == "ValueError"
    assert project.state() == (["t1"], ["r2"])


def test_ctrl_c_rolls_back(make_project):
    project = make_project(3)
    project.revision(
        2,
        "import os, signal, time",
        "op.execute('CREATE TABLE t2 (id INTEGER)')",
        "os.kill(os.getpid(), signal.SIGINT)",
        "time.sleep(30)",
    )
    failure = project.run_env("upgrade", "head", transaction="per-revision").failure
    assert (failure["kind"], failure["type"]) == ("interrupt", "KeyboardInterrupt")
    assert project.state() == (["t1"], ["r1"])
