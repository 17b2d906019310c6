"""A server that is restarted in the middle of a run, and the run after it."""

import os

import pytest
from reliability import targets, witness
from reliability.runners import Runner, wait_for_line
from support import postgres
from support.absence import missing


@pytest.fixture
def own_server(monkeypatch):
    """A cluster of this test's own, which it may restart; the databases of the test are made on it."""
    programs = postgres.find_programs()
    if not programs:
        missing("there is no PostgreSQL", "LIMBEC_REQUIRE_POSTGRES")
    programs.bouncer = None
    servers = postgres.start(programs)
    monkeypatch.setenv("LIMBEC_TEST_POSTGRES_TRUSTED", servers.trusted_url)
    yield servers
    servers.stop()


@pytest.mark.parametrize("hidden", [False, True], ids=["url known", "url in env.py alone"])
def test_the_run_after_a_restart_continues(hidden, own_server, tmp_path, limbec_bin):
    target = targets.create("postgresql", tmp_path)
    project = witness.Project(tmp_path / "project", witness.History(pause=1.5), hidden)
    trace = tmp_path / "trace.txt"
    project.environment["WITNESS_TRACE"] = str(trace)
    project.point_at(target.url)
    command = [str(limbec_bin), "upgrade", "head"]
    first = Runner(command, project, tmp_path / "first.txt")
    wait_for_line(trace, "middle 002abc002")
    data = str(own_server.folder / "data")
    own_server.run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    assert first.process.wait(timeout=60) == 1
    while_down = Runner(command, project, tmp_path / "while_down.txt")
    assert while_down.process.wait(timeout=60) == 1
    own_server.run("pg_ctl", "-D", data, "-w", "-l", os.devnull, "start")
    following = Runner(command, project, tmp_path / "following.txt")
    assert following.process.wait(timeout=60) == 0, following.output.read_text()
    assert witness.faults(target, project.history) == []
    for runner in (first, while_down):
        said = runner.output.read_text()
        assert "error: " in said and "Traceback" not in said, said
