"""Eight runners through a real PgBouncer in transaction mode, whose server connections are shared by all."""

import os
import time

import pytest
from reliability import targets, witness
from reliability.runners import Runner
from support.absence import missing

PROCESSES = 8


@pytest.fixture
def pooled(postgres_server, tmp_path):
    """A fresh database, its URL through the pooler, and a project on it."""
    pooler = os.environ.get("LIMBEC_TEST_PGBOUNCER")
    if not pooler:
        missing("LIMBEC_TEST_PGBOUNCER is not set (see scripts/with-servers)", "LIMBEC_REQUIRE_POSTGRES")
    target = targets.create("postgresql", tmp_path)
    yield target, pooler.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{target.name}"
    target.drop()


@pytest.mark.parametrize("method", ["auto", "row"])
@pytest.mark.parametrize("hidden", [False, True], ids=["url known", "url in env.py alone"])
def test_each_revision_is_applied_exactly_once(method, hidden, pooled, tmp_path, limbec_bin):
    target, url = pooled
    project = witness.Project(tmp_path / "project", witness.History(outside=True), hidden)
    project.environment["WITNESS_TRACE"] = str(tmp_path / "trace.txt")
    project.point_at(url)
    command = [str(limbec_bin), "upgrade", "--lock", method, "--lock-wait", "100s", "head"]
    runners = [Runner(command, project, tmp_path / f"output-{number}.txt") for number in range(PROCESSES)]
    deadline = time.monotonic() + 120
    for runner in runners:
        runner.process.wait(timeout=max(1, deadline - time.monotonic()))
    words = [(runner.process.returncode, runner.last_words()) for runner in runners if runner.process.returncode]
    assert words == []
    assert witness.faults(target, project.history) == []
    assert target.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
