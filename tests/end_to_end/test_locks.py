"""Two runs on one database: who waits, what the one that waits says, and what a run whose lock is taken away does."""

import json
import os
import subprocess
import time
from contextlib import contextmanager

import pytest
from support import databases
from support.projects import Project, Run

HELD_UP = """
import os, pathlib, time
pathlib.Path(os.environ["REACHED"]).touch()
while not pathlib.Path(os.environ["GO_ON"]).exists():
    time.sleep(0.01)
"""


@pytest.fixture
def project(url, tmp_path):
    """Three revisions, the second of which waits for a file to appear."""
    return held_up_in_the_second(tmp_path / "project", url)


def held_up_in_the_second(folder, url, configure=""):
    project = Project(folder, url, configure)
    for number, down in ((1, None), (2, "a1"), (3, "a2")):
        create = f'op.create_table("t{number}", sa.Column("id", sa.Integer))'
        project.add(
            f"a{number}", down, up=create + (HELD_UP if number == 2 else ""), undo=f'op.drop_table("t{number}")'
        )
    return project


class Runner:
    """An `upgrade head` that has got as far as into the second revision."""

    def __init__(self, project, program, *options):
        self.project = project
        self.reached, self.go_on = project.folder / "reached", project.folder / "go_on"
        files = {"REACHED": str(self.reached), "GO_ON": str(self.go_on)}
        self.process = subprocess.Popen(
            [str(program), "upgrade", *options, "head"],
            cwd=project.folder,
            env={**os.environ, **project.environment, **files},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        until(lambda: self.reached.exists() or self.process.poll() is not None)
        assert self.reached.exists(), self.process.communicate()

    def finish(self) -> Run:
        self.go_on.touch()
        out, err = self.process.communicate(timeout=60)
        return Run(self.process.returncode, out, err)


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@contextmanager
def held(project, program, *options):
    """A runner in the middle of its run; ended with the test, however that ends."""
    runner = Runner(project, program, *options)
    try:
        yield runner
    finally:
        runner.go_on.touch()
        runner.process.kill()
        runner.process.wait()


def start(project, program, *arguments):
    """A second run, whose standard error is read while it goes on."""
    return subprocess.Popen(
        [str(program), *arguments],
        cwd=project.folder,
        env={**os.environ, **project.environment, "REACHED": os.devnull, "GO_ON": os.devnull},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_second_runner_waits_says_for_whom_and_finds_nothing_to_do(project, limbec_bin):
    with held(project, limbec_bin) as first:
        second = start(project, limbec_bin, "upgrade", "head")
        waiting = second.stderr.readline()
        assert waiting.startswith("Waiting up to 60 s for another run, which has locked this database: limbec on ")
        assert " since 2" in waiting and "process " in waiting
        first.finish().ok()
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out, err) == (0, "", "")
    assert databases.versions(project.url) == ["a3"]


def test_where_only_env_py_knows_the_database_too(databases_of, tmp_path, limbec_bin):
    url = databases_of()
    project = held_up_in_the_second(tmp_path / "project", "driver://user:pass@localhost/dbname")
    env = project.folder / "migrations" / "env.py"
    env.write_text(env.read_text().replace('context.config.get_main_option("sqlalchemy.url")', f'"".join([{url!r}])'))
    with held(project, limbec_bin) as first:
        second = start(project, limbec_bin, "upgrade", "head")
        assert second.stderr.readline().startswith("Waiting up to 60 s for another run")
        first.finish().ok()
        out, err = second.communicate(timeout=60)
        assert (second.returncode, out, err) == (0, "", "")
    assert databases.versions(url) == ["a3"]


def test_without_time_to_wait_it_fails_at_once(project, limbec_bin):
    with held(project, limbec_bin) as first:
        for command in (["upgrade", "--lock-wait", "0", "head"], ["stamp", "--lock-wait", "0", "head"]):
            refused = project.run(limbec_bin, *command)
            refused.failed("another run has locked this database: limbec on ", "--lock-wait 5m", status=1)
            assert "Waiting" not in refused.err
        project.run(limbec_bin, "upgrade", "--lock-wait", "300ms", "head").failed("; waited 0.3 s", status=1)
        first.finish().ok()


def test_a_setting_does_what_the_option_does(project, limbec_bin):
    (project.folder / "limbec.toml").write_text('lock-wait = "0s"\n')
    with held(project, limbec_bin) as first:
        project.run(limbec_bin, "upgrade", "head").failed("another run has locked this database", status=1)
        (project.folder / "limbec.toml").write_text('lock-wait = "0s"\nlock = "off"\n')
        project.run(limbec_bin, "stamp", "--sql", "head").ok()
        first.finish().ok()


def test_what_is_at_head_already_waits_for_nobody(project, limbec_bin):
    project.run(limbec_bin, "stamp", "head").ok()
    other = held_up_in_the_second(project.folder / "other", project.url)
    other.add("a4", "a3", up=HELD_UP)
    (other.versions / "a2_.py").unlink()
    other.add("a2", "a1")
    with held(other, limbec_bin) as first:
        # No time to wait: it would fail if it tried to lock.
        project.run(limbec_bin, "upgrade", "--lock-wait", "0", "head").ok()
        project.run(limbec_bin, "current").ok()
        project.run(limbec_bin, "ensure_version").ok()
        first.finish().ok()


def test_ensure_version_waits_for_its_turn(project, limbec_bin):
    with held(project, limbec_bin) as first:
        (project.folder / "limbec.toml").write_text('lock-wait = "0"\n')
        if databases.versions(project.url) is None:
            project.run(limbec_bin, "ensure_version").failed("another run has locked this database", status=1)
        first.finish().ok()
    project.run(limbec_bin, "ensure_version").ok()


def test_a_killed_holder_holds_nothing_up(project, limbec_bin):
    with held(project, limbec_bin) as first:
        first.process.kill()
        first.process.wait()
        until(lambda: project.run(limbec_bin, "upgrade", "--lock-wait", "0", "a1").status == 0)


def lock_backends(url):
    return [pid for (pid,) in databases.fetch(url, "SELECT pid FROM pg_locks WHERE locktype = 'advisory'")]


@pytest.mark.parametrize("mode", ["per-run", "per-revision"])
def test_who_lost_its_connection_commits_nothing_more(mode, postgres_url, tmp_path, limbec_bin):
    project = held_up_in_the_second(tmp_path / "project", postgres_url)
    with held(project, limbec_bin, "--transaction", mode) as first:
        [backend] = lock_backends(project.url)
        databases.execute(project.url, f"SELECT pg_terminate_backend({backend})")
        sentence = "the lock on this database was lost while migrations ran: the connection to database"
        first.finish().failed(sentence, status=1)
    assert databases.versions(project.url) == (["a1"] if mode == "per-revision" else None)
    assert "t2" not in databases.tables(project.url)


@pytest.mark.parametrize("mode", ["per-run", "per-revision"])
def test_who_lost_its_row_commits_nothing_more(mode, postgres_url, tmp_path, limbec_bin):
    project = held_up_in_the_second(tmp_path / "project", postgres_url)
    with held(project, limbec_bin, "--lock", "row", "--transaction", mode) as first:
        (row,) = databases.fetch(project.url, "SELECT version_table, token, holder, pid FROM limbec.limbec_lock")
        assert row == ('"public"."alembic_version"', 1, "limbec", first.process.pid)
        # As another runner does when the row has expired.
        databases.execute(project.url, "UPDATE limbec.limbec_lock SET token = token + 1, holder = 'somebody'")
        first.finish().failed("was not renewed in time, and was taken over by somebody", status=1)
    assert "t2" not in databases.tables(project.url)
    assert databases.fetch(project.url, "SELECT token FROM limbec.limbec_lock") == [(2,)]


def test_through_a_pooler_runners_exclude_each_other_and_those_without_it(postgres_url, tmp_path, limbec_bin):
    bouncer = os.environ.get("LIMBEC_TEST_PGBOUNCER")
    if not bouncer:
        pytest.skip("LIMBEC_TEST_PGBOUNCER is not set")
    pooled = bouncer.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0]
    project = held_up_in_the_second(tmp_path / "project", pooled + "/" + postgres_url.rpartition("/")[2])
    with held(project, limbec_bin) as first:
        assert lock_backends(postgres_url) == []
        project.run(limbec_bin, "upgrade", "--lock-wait", "0", "head").failed(
            f"(process {first.process.pid})", status=1
        )
        direct = ("--url", postgres_url)
        project.run(limbec_bin, *direct, "upgrade", "--lock-wait", "0", "head").failed("limbec on", status=1)
        project.run(limbec_bin, "upgrade", "--lock", "advisory", "head").failed("pooler in transaction mode", status=1)
        first.finish().ok()
    project.run(limbec_bin, *direct, "downgrade", "-1").ok()
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.versions(postgres_url) == ["a3"]


def test_the_lock_file_says_who_has_it(tmp_path, limbec_bin):
    project = held_up_in_the_second(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    lock = tmp_path / "app.db.limbec-lock"
    with held(project, limbec_bin) as first:
        holder = json.loads(lock.read_text())
        assert (holder["application"], holder["pid"]) == ("limbec", first.process.pid)
        first.finish().ok()
    assert lock.read_text() == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(tmp_path, limbec_bin):
    folder = tmp_path / "readonly"
    folder.mkdir()
    project = held_up_in_the_second(tmp_path / "project", f"sqlite:///{folder}/app.db")
    folder.chmod(0o555)
    project.run(limbec_bin, "upgrade", "head").failed("no permission to write in its folder", status=1)
