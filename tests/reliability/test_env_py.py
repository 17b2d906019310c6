"""An env.py that does not see the database as limbec's own connection does, by a search path of its own."""

import pytest
from reliability import targets, witness
from reliability.runners import Runner

CONFIGURE = "        context.configure(\n            connection=connection"
SEARCH_PATH = """        from sqlalchemy import text
        connection.execute(text("SET search_path TO " + __import__("os").environ["TENANT"]))
        connection.commit()
"""
TENANTS = ("public", "tenant1", "tenant2")


@pytest.fixture
def target(postgres_server, tmp_path):
    made = targets.create("postgresql", tmp_path)
    yield made
    made.drop()


def project_with(folder, lines: str, settings: str, history: witness.History) -> witness.Project:
    project = witness.Project(folder, history, settings=settings)
    env = project.folder / "migrations/env.py"
    assert CONFIGURE in env.read_text()
    env.write_text(env.read_text().replace(CONFIGURE, lines + CONFIGURE))
    return project


@pytest.mark.parametrize("settings", ["", "history = true\n"], ids=["no history", "history"])
def test_the_search_path_of_env_py_decides(settings, target, tmp_path, limbec_bin):
    """One version table for each tenant's schema, which only the connection of env.py finds by its bare name."""
    for tenant in TENANTS[1:]:
        target.execute(f"CREATE SCHEMA {tenant}; CREATE TABLE {tenant}.witness (LIKE public.witness)")
    project = project_with(tmp_path / "project", SEARCH_PATH, settings, witness.History(length=3))
    project.point_at(target.url)
    for revision in ("002abc002", "head"):
        for tenant in TENANTS:
            project.environment["TENANT"] = tenant
            runner = Runner([str(limbec_bin), "upgrade", revision], project, tmp_path / "output.txt")
            assert runner.process.wait(timeout=60) == 0, (tenant, (tmp_path / "output.txt").read_text())
    for tenant in TENANTS:
        assert target.rows(f"SELECT version_num FROM {tenant}.alembic_version") == [(project.history.head,)]
        counted = target.rows(f"SELECT revision, count(*) FROM {tenant}.witness GROUP BY revision")
        assert dict(counted) == dict.fromkeys(project.history.revisions, 1)
