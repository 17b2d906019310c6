"""A runner whose lock is taken from it while a revision runs: it commits nothing, and the next one does it all."""

import pytest
from reliability import targets, witness
from reliability.runners import Runner, wait_for_line

MODES = {"a transaction a run": [], "a transaction a revision": ["--transaction", "per-revision"]}
ADVISORY = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted"
ROW = "UPDATE limbec.limbec_lock SET expires = '-infinity', token = token + 1"


@pytest.fixture
def target(postgres_server, tmp_path):
    made = targets.create("postgresql", tmp_path)
    yield made
    made.drop()


@pytest.mark.parametrize("method", ["advisory", "row"])
@pytest.mark.parametrize("mode", list(MODES))
def test_a_lost_lock_commits_nothing(mode, method, target, tmp_path, limbec_bin):
    hidden = (method == "row") == (mode == "a transaction a run")  # each way once in each mode
    project = witness.Project(tmp_path / "project", witness.History(length=4, pause=1.5), hidden)
    trace = tmp_path / "trace.txt"
    project.environment["WITNESS_TRACE"] = str(trace)
    project.point_at(target.url)
    command = [str(limbec_bin), "upgrade", "--lock", method, *MODES[mode], "head"]
    first = Runner(command, project, tmp_path / "first.txt")
    wait_for_line(trace, "middle 002abc002")
    second = Runner(command, project, tmp_path / "second.txt")
    target.execute(ADVISORY if method == "advisory" else ROW)
    assert first.process.wait(timeout=120) == 1
    assert second.process.wait(timeout=120) == 0, second.output.read_text()
    assert "lock" in first.last_words() and "lost" in first.last_words()
    assert witness.faults(target, project.history) == []
