"""Several runners share one run of `limbec tenant migrate`: nothing is left out and nothing runs twice."""

import os
import signal
import time

import pytest
from support import postgres
from support.absence import missing
from support.databases import execute, fetch
from support.queues import QueueProject, database_queue, schema_queue

FAILS = """if op.get_bind().exec_driver_sql('SELECT current_schema()').scalar() == {name!r}:
    raise RuntimeError('not here')"""


@pytest.fixture
def queue_of(tmp_path, limbec_bin, postgres_databases):
    """A function that makes a project with so many schemas."""
    made: list[QueueProject] = []

    def create(count: int) -> QueueProject:
        made.append(schema_queue(tmp_path, limbec_bin, count, (postgres_databases(), postgres_databases())))
        return made[-1]

    yield create
    for project in made:
        project.end_all()


def done(run):
    return run["totals"]["done"]


def test_three_runners_share_a_run(queue_of):
    project = queue_of(30)
    revisions = project.add_revisions(2)
    first = project.start("--all", "--start-run=spring", "--jobs", "2", LEDGER_PAUSE="0.05")
    project.wait_until("spring", lambda run: done(run) > 0)
    others = [project.start("--all", "--join", "spring", "--jobs", "1", LEDGER_PAUSE="0.05") for _ in range(2)]
    for runner in [first, *others]:
        assert "run spring is finished: 30 done, 0 failed" in runner.end().ok().err
    assert project.faults(revisions) == []
    run = project.run("spring")
    assert (run["state"], run["target"], run["target_revisions"]) == ("finished", "heads", ["r001"])
    assert run["totals"] == {"tenants": 30, "queued": 0, "leased": 0, "done": 30, "failed": 0, "skipped": 0}
    assert len({tenant["runner"] for tenant in run["tenants"]}) == 3
    assert all(
        (tenant["heads_before"], tenant["heads_after"], tenant["runners"], tenant["steps"]) == ([], ["r001"], 1, 2)
        for tenant in run["tenants"]
    )
    assert "spring" in project.limbec("tenant", "runs").ok().out
    assert "30 of 30 done" in project.limbec("tenant", "runs", "spring").ok().out
    assert "run spring is finished" in project.migrate("--join", "spring").ok().err


def test_a_runner_that_is_killed_and_one_that_is_frozen_are_replaced(queue_of):
    project = queue_of(60)
    revisions = project.add_revisions(3)
    pause = {"LEDGER_PAUSE": "0.1"}
    first = project.start("--all", "--start-run=r", "--lease", "2s", "--jobs", "2", **pause)
    project.wait_until("r", lambda run: done(run) > 1)
    killed, frozen = (project.start("--join", "r", "--jobs", "2", **pause) for _ in range(2))
    owners = [f"process {runner.process.pid}" for runner in (killed, frozen)]
    at_work = lambda run, owner: any(  # noqa: E731
        tenant["state"] == "leased" and tenant["runner"].endswith(owner) for tenant in run["tenants"]
    )
    project.wait_until("r", lambda run: all(at_work(run, owner) for owner in owners))
    killed.signal(signal.SIGKILL)
    frozen.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    # Its tenants go to another runner, who waits for the locks that the frozen one still has.
    project.wait_until("r", lambda run: not at_work(run, owners[1]))
    assert time.monotonic() - stopped > 1
    frozen.signal(signal.SIGCONT)
    assert "taken over from" in first.end().ok().err
    words = frozen.end().ok().err
    assert "another one has taken it over" in words, words
    assert killed.end().status == -signal.SIGKILL
    assert project.faults(revisions) == []
    run = project.run("r")
    assert (run["state"], run["totals"]["done"]) == ("finished", 60)
    assert sum(tenant["runners"] > 1 for tenant in run["tenants"]) >= 2


def test_failures_stop_every_runner(queue_of):
    project = queue_of(40)
    project.add_revisions(1)
    project.project.add("r001", "r000", up=FAILS.format(name="t004"))
    pause = {"LEDGER_PAUSE": "0.2"}
    first = project.start("--all", "--start-run=r", "--on-error", "stop", "--jobs", "2", **pause)
    project.wait_until("r", lambda run: run["totals"]["leased"] > 0)
    second = project.start("--join", "r", "--jobs", "2", **pause)
    words = [runner.end().failed("run r was stopped by failures", status=1).err for runner in (first, second)]
    assert sum("tenant t004: " in said for said in words) == 1
    run = project.run("r")
    assert (run["state"], run["totals"]["failed"], run["totals"]["leased"]) == ("stopped", 1, 0)
    assert run["totals"]["skipped"] > 20
    failed = next(tenant for tenant in run["tenants"] if tenant["state"] == "failed")
    assert (failed["tenant"], failed["revision"]) == ("t004", "r001")
    assert "not here" in failed["error"]
    shown = project.limbec("tenant", "runs", "r").ok().out
    assert "t004" in shown and "not here" in shown
    project.migrate("--join", "r").failed("run r was stopped by failures", status=1)
    # A new run takes up what is left.
    project.project.add("r001", "r000")
    project.migrate("--all", "--start-run").ok()
    assert all(project.head(name) == ["r001"] for name in project.names)


def test_a_wave_waits_for_the_runners_of_the_one_before(queue_of):
    project = queue_of(24)
    revisions = project.add_revisions(1)
    waves = ["--wave", "1,25%,rest"]
    first = project.start("--all", "--start-run=r", *waves, "--jobs", "2", LEDGER_PAUSE="0.2")
    project.wait_until("r", lambda _: True)
    second = project.start("--join", "r", "--jobs", "3", LEDGER_PAUSE="0.1")
    first.end().ok()
    second.end().ok()
    assert project.faults(revisions) == []
    url, _ = project.places["t000"]
    spans = dict(
        (row[0], row[1:])
        for row in fetch(url, "SELECT version_schema, started_at, finished_at FROM limbec.limbec_history")
    )
    by_wave = {}
    for tenant in project.run("r")["tenants"]:
        by_wave.setdefault(tenant["wave"], []).append(spans[tenant["tenant"]])
    assert [len(by_wave[wave]) for wave in (1, 2, 3)] == [1, 6, 17]
    for wave in (1, 2):
        assert max(span[1] for span in by_wave[wave]) <= min(span[0] for span in by_wave[wave + 1])


def test_of_two_that_begin_at_once_one_wins(queue_of):
    project = queue_of(6)
    revisions = project.add_revisions(1)
    both = [project.start("--all", "--start-run", LEDGER_PAUSE="0.5") for _ in range(2)]
    ended = sorted((runner.end() for runner in both), key=lambda run: run.status)
    ended[0].ok()
    assert "has not ended, and t000 and 5 others are in it" in ended[1].failed("--join", status=1).err
    assert project.faults(revisions) == []
    project.migrate("--all", "--start-run=again").ok()
    project.migrate("--all", "--start-run=again").failed("there is a run 'again' already, which is finished", status=1)


def test_other_revision_files_are_refused(queue_of):
    project = queue_of(2)
    project.add_revisions(2)
    runner = project.start("--all", "--start-run=r", LEDGER_PAUSE="2")
    project.wait_until("r", lambda run: run["totals"]["leased"] > 0)
    path = project.project.versions / "r001_.py"
    text = path.read_text()
    path.write_text(text.replace("'r001')", "'changed')"))
    project.migrate("--join", "r").failed(
        "the revision files here are not those that the run 'r' was begun with", status=1
    )
    path.write_text(f"# a comment changes nothing\n{text}")
    project.migrate("--join", "r").ok()
    runner.end().ok()


def test_an_interrupted_runner_gives_back_what_it_has(queue_of):
    project = queue_of(12)
    revisions = project.add_revisions(2)
    first = project.start("--all", "--start-run=r", "--jobs", "1", LEDGER_PAUSE="0.3")
    project.wait_until("r", lambda run: done(run) > 0)
    second = project.start("--join", "r", "--jobs", "1", LEDGER_PAUSE="0.3")
    owner = f"process {second.process.pid}"
    project.wait_until("r", lambda run: any((tenant["runner"] or "").endswith(owner) for tenant in run["tenants"]))
    second.signal(signal.SIGINT)
    assert second.end().status == 130
    # The lease is a minute, which nobody has to wait for.
    first.end(40).ok()
    assert project.faults(revisions) == []


def test_a_run_that_is_cancelled_begins_no_more(queue_of):
    project = queue_of(20)
    project.add_revisions(1)
    runner = project.start("--all", "--start-run=r", "--jobs", "1", LEDGER_PAUSE="0.5")
    project.wait_until("r", lambda run: done(run) > 0)
    assert "cancelled" in project.limbec("tenant", "runs", "r", "--cancel").ok().out
    runner.end().failed("run r was cancelled", status=1)
    totals = project.run("r")["totals"]
    assert totals["done"] < 5 and totals["skipped"] == 20 - totals["done"] and totals["leased"] == 0
    assert "nothing to cancel" in project.limbec("tenant", "runs", "r", "--cancel").ok().err


def test_wrong_requests_are_told(queue_of):
    project = queue_of(2)
    project.add_revisions(1)
    project.limbec("tenant", "runs").ok()
    project.migrate("--join", "r").failed("there is no run 'r'", status=2)
    project.limbec("tenant", "runs", "r").failed("there is no run 'r'", status=2)
    project.migrate("--all", "--start-run=a b").failed("cannot be the name of a run", status=2)
    project.migrate("--all", "--start-run", "--to", "+1").failed("depends on where a tenant is", status=2)
    project.migrate("--all", "--start-run", "--lock", "off").failed("needs the lock of every tenant", status=2)
    project.migrate("--all", "--start-run", "--lease", "0.1s").failed("a second or more", status=2)
    project.migrate("t000", "--join", "r").failed("cannot be used with", status=2)
    project.migrate("--all", "--start-run", COMMON_URL="sqlite:////tmp/none.db").failed("needs PostgreSQL", status=2)
    gone = project.migrate("--all", "--start-run", COMMON_URL="postgresql://u:s3cret@127.0.0.1:1/x")
    assert "s3cret" not in gone.failed("cannot reach PostgreSQL", status=1).err
    project.migrate("t000", "--start-run=part").ok()
    settings = project.project.folder / "limbec.toml"
    settings.write_text(settings.read_text().replace('common = "env:COMMON_URL"\n', ""))
    project.migrate("--all", "--start-run").failed("there is no `common` in [tenants]", status=2)


def test_a_machine_that_lacks_a_tenant_is_refused(queue_of):
    project = queue_of(3)
    project.add_revisions(1)
    runner = project.start("--all", "--start-run=r", "--jobs", "1", LEDGER_PAUSE="1")
    project.wait_until("r", lambda run: run["totals"]["leased"] > 0)
    settings = project.project.folder / "limbec.toml"
    whole = settings.read_text()
    settings.write_text(whole.replace('"t001", ', ""))
    project.migrate("--join", "r").failed("lack a tenant of the run 'r': t001", status=2)
    settings.write_text(whole)
    runner.end().ok()


def test_everything_through_a_pooler(tmp_path, limbec_bin, postgres_databases):
    pooler = os.environ.get("LIMBEC_TEST_PGBOUNCER")
    if not pooler:
        missing("LIMBEC_TEST_PGBOUNCER is not set (see scripts/with-servers)", "LIMBEC_REQUIRE_POSTGRES")
    base = pooler.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0]
    pooled = {f"t{number}": f"{base}/{postgres_databases().rpartition('/')[2]}" for number in range(8)}
    common = f"{base}/{postgres_databases().rpartition('/')[2]}"
    project = database_queue(tmp_path, limbec_bin, pooled, common)
    revisions = project.add_revisions(2)
    runners = [project.start("--all", "--start-run=r", "--jobs", "2", LEDGER_PAUSE="0.2")]
    try:
        project.wait_until("r", lambda _: True)
        runners += [project.start("--join", "r", "--jobs", "2", LEDGER_PAUSE="0.2") for _ in range(2)]
        for runner in runners:
            runner.end().ok()
    finally:
        project.end_all()
    assert project.faults(revisions) == []
    assert len({tenant["runner"] for tenant in project.run("r")["tenants"]}) > 1


@pytest.fixture
def own_server():
    """A cluster of this test's own, which it may stop; the common database is on it."""
    programs = postgres.find_programs()
    if not programs:
        missing("there is no PostgreSQL", "LIMBEC_REQUIRE_POSTGRES")
    programs.bouncer = None
    servers = postgres.start(programs)
    yield servers
    servers.stop()


def test_a_common_database_that_is_restarted_is_waited_for(own_server, tmp_path, limbec_bin, postgres_databases):
    common = own_server.trusted_url.replace("postgresql://", "postgresql+psycopg2://")
    project = schema_queue(tmp_path, limbec_bin, 30, (common, postgres_databases()))
    revisions = project.add_revisions(2)
    data = str(own_server.folder / "data")
    first = project.start("--all", "--start-run=r", "--lease", "3s", LEDGER_PAUSE="0.1")
    try:
        project.wait_until("r", lambda run: done(run) > 1)
        second = project.start("--join", "r", LEDGER_PAUSE="0.1")
        impatient = project.start("--join", "r", "--wait-for-db", "1s", LEDGER_PAUSE="0.1")
        project.wait_until("r", lambda run: done(run) > 8)
        own_server.run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        words = impatient.end().failed("the common database has not answered for", status=1).err
        assert "other runners go on" in words
        own_server.run("pg_ctl", "-D", data, "-w", "-l", os.devnull, "start")
        for runner in (first, second):
            assert "run r is finished: 30 done" in runner.end().ok().err
        assert project.faults(revisions) == []
        execute(common, "DELETE FROM limbec.limbec_run")
    finally:
        project.end_all()
