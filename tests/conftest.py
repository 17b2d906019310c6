"""Fixtures that every suite may use. What is missing on the machine skips a test, or fails it where it is required."""

import os
import uuid
from pathlib import Path

import pytest
from support.absence import missing
from support.databases import run_on_server
from support.paths import alembic_binary, limbec_binary


@pytest.fixture(scope="session")
def limbec_bin() -> Path:
    """The limbec binary under test."""
    return limbec_binary()


@pytest.fixture(scope="session")
def alembic_bin() -> Path:
    """The real `alembic`, of the interpreter that runs the tests."""
    return alembic_binary()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder with the histories of real projects."""
    folder = os.environ.get("LIMBEC_CORPUS")
    if not folder or not Path(folder).is_dir():
        missing("LIMBEC_CORPUS names no folder", "LIMBEC_REQUIRE_CORPUS")
    return Path(folder)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a superuser's connection to the test cluster, as psql takes it."""
    url = os.environ.get("LIMBEC_TEST_POSTGRES_TRUSTED") or os.environ.get("LIMBEC_TEST_POSTGRES")
    if not url:
        missing("LIMBEC_TEST_POSTGRES_TRUSTED is not set (see scripts/with-servers)", "LIMBEC_REQUIRE_POSTGRES")
    return url


@pytest.fixture
def postgres_databases(postgres_server):
    """A function that creates an empty database and returns its SQLAlchemy URL; all are dropped after the test."""
    created = []

    def create() -> str:
        name = f"limbec_{uuid.uuid4().hex[:16]}"
        run_on_server(postgres_server, f"CREATE DATABASE {name}")
        created.append(name)
        return postgres_server.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{name}"

    yield create
    for name in created:
        run_on_server(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_databases) -> str:
    """The SQLAlchemy URL of an empty database of this test's own."""
    return postgres_databases()
