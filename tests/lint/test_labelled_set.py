"""The labelled revisions are real: Alembic loads all of them, and PostgreSQL runs them up and down.

What the linter says about them is compared in tests/lint/main.rs.
"""

import uuid
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError
from support.databases import execute, run_on_server

LINT = Path(__file__).resolve().parent
SINGLE = sorted(LINT.glob("*/*.py"))
CHAINS = sorted({path.parent for path in LINT.glob("*/*/*.py")})

# Runs any revision on the connection that is given in the configuration.
ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

engine = create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""

# Upgrades that PostgreSQL refuses, which is what is wrong with them.
REFUSED = {"concurrent_drop_in_transaction", "concurrent_sql_in_a_transaction", "concurrently_in_a_transaction"}
# Downgrades that fail in the database, which is what is wrong with them.
FAILING = {
    "misspelt_column",
    "no_downgrade",
    "unnamed_batch",
    "unnamed_foreign_key",
    "unnamed_unique",
}


def raises(path):
    return "raise " in path.read_text().rpartition("def downgrade")[2]


@pytest.fixture(scope="session")
def labelled_url(postgres_server):
    """The URL of one database for the whole set: every test empties it first."""
    name = f"limbec_{uuid.uuid4().hex[:16]}"
    run_on_server(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{name}"
    run_on_server(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def project(folder, files, url):
    """The configuration of a project with copies of these files."""
    versions = folder / "migrations/versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(ENV)
    (versions.parent / "script.py.mako").write_text("")
    for path in files:
        (versions / path.name).write_text(path.read_text())
    config = Config()
    config.set_main_option("script_location", str(versions.parent))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def files_of(path):
    """A single file with what it follows, or a chain."""
    if path.is_dir():
        return sorted(path.glob("*.py"))
    return [LINT / "initial.py", path]


@pytest.mark.parametrize("path", SINGLE + CHAINS, ids=lambda path: path.stem)
def test_alembic_loads_them(path, tmp_path):
    script = ScriptDirectory.from_config(project(tmp_path, files_of(path), "sqlite://"))
    assert len(list(script.walk_revisions())) == len(files_of(path))
    assert len(script.get_heads()) == 1


@pytest.mark.parametrize("path", SINGLE + CHAINS, ids=lambda path: path.stem)
def test_postgresql_runs_them(path, tmp_path, labelled_url):
    execute(
        labelled_url,
        "DROP SCHEMA public CASCADE",
        "DROP SCHEMA IF EXISTS reporting, billing CASCADE",
        "CREATE SCHEMA public",
    )
    config = project(tmp_path, files_of(path), labelled_url)
    if path.stem in REFUSED:
        with pytest.raises(DBAPIError, match="cannot run inside a transaction block"):
            command.upgrade(config, "head")
        return
    command.upgrade(config, "head")
    if path.stem in FAILING or (path.is_file() and raises(path)):
        with pytest.raises(Exception):  # noqa: B017 whatever Alembic, the revision or the database raises
            command.downgrade(config, "-1")
    else:
        command.downgrade(config, "-1")


@pytest.mark.parametrize("chain", ["only_on_sqlite", "created_earlier", "two_branches"])
def test_sqlite_runs_them(chain, tmp_path):
    config = project(tmp_path, files_of(LINT / "destructive" / chain), f"sqlite:///{tmp_path / 'test.db'}")
    command.upgrade(config, "head")
    command.downgrade(config, "-1")
