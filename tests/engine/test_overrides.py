"""What limbec's settings say against env.py."""

import pytest

FIXED = """
from alembic import context
from sqlalchemy import create_engine
with create_engine("sqlite:///fixed.db").connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_url_given_is_used(make_project):
    project = make_project(1)
    given = f"sqlite:///{project.folder}/100%25 other.db"
    assert project.run_env("upgrade", "head", url=given).value is None
    # SQLAlchemy 2.1 decodes the path, the older ones do not.
    (name,) = [path.name for path in project.folder.glob("100*.db")]
    assert name in ("100%25 other.db", "100% other.db")
    assert project.state(name) == (["t1"], ["r1"])
    assert not (project.folder / "test.db").exists()


def test_env_py_that_connects_elsewhere_is_stopped(make_project):
    project = make_project(1, env=FIXED)
    failure = project.run_env("upgrade", "head", url="postgresql://me:s3cret@server/db").failure
    assert failure["kind"] == "command_error"
    assert failure["message"].startswith(
        "env.py connects to sqlite:///fixed.db although the URL given is postgresql://me:***@server/db"
    )
    assert "s3cret" not in str(failure)
    assert project.run_env("upgrade", "head", url="sqlite:///fixed.db").value is None
    # Relative or absolute, it is one file.
    assert project.run_env("upgrade", "head", url=f"sqlite:///{project.folder}/fixed.db").value is None


@pytest.mark.parametrize("mode", ["upgrade", "current"])
def test_options_are_literal(make_project, mode):
    env = "from alembic import context\nprint(context.config.get_main_option('a.key'))\n"
    outcome = make_project(1, env=env).run_env(mode, *(["head"] if mode == "upgrade" else []), options={"a.key": "5%"})
    assert outcome.stdout == "5%\n"


def test_schema_wins_over_env_py(make_project, postgres_url, python):
    from test_environments import has_module

    if not has_module(python, "psycopg2"):
        pytest.skip("psycopg2 is not installed there")
    project = make_project(1, postgres_url)
    project.revision(1, "op.execute('CREATE TABLE t1 (id INTEGER)')")
    env = (project.folder / "migrations/env.py").read_text()
    project.write(
        "migrations/env.py",
        env.replace(
            "        context.configure(connection",
            "        connection.exec_driver_sql('CREATE SCHEMA IF NOT EXISTS \"S 1\"')\n"
            "        getattr(connection, 'commit', lambda: None)()\n"
            "        context.configure(connection",
        ),
    )
    outcome = project.run_env("upgrade", "head", schema="S 1")
    assert outcome.called("plan")[0]["target"]["version_table_schema"] == "S 1"
    assert outcome.called("finished") == [{"heads": ["r1"]}]
    project.write(
        "migrations/env.py",
        env.replace("(connection=connection", "(connection=connection, version_table_schema='public'"),
    )
    outcome = project.run_env("upgrade", "head", schema="S 1")
    assert outcome.called("plan")[0]["target"]["version_table_schema"] == "S 1"
