"""What goes wrong for `import limbec`: each kind of failure is an exception of its own, and nothing is left running."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import threading
import time

import pytest
from support.paths import ROOT
from support.projects import Project

sys.path.insert(0, str(ROOT / "python"))

import limbec
import limbec.command
import limbec.errors

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))'
FILL = 'op.execute("INSERT INTO users VALUES (1)")'
#: A migration that says that it runs, and then does so for a long time.
LONG = 'import os, pathlib, time; pathlib.Path("began").write_text(str(os.getpid())); time.sleep(600)'


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    project.add("aaaa", up=USERS, undo='op.drop_table("users")')
    return project


@pytest.fixture
def api(limbec_bin):
    """A function that makes the API's Project of a test's."""

    def make(project, **arguments):
        return limbec.Project(directory=project.folder, **{"binary": limbec_bin, **arguments})

    return make


def test_every_exception_is_one_of_limbecs():
    names = [name for name in limbec.__all__ if name.endswith("Error") or name in limbec.errors.__all__]
    assert set(names) == set(limbec.errors.__all__)
    assert all(issubclass(getattr(limbec, name), limbec.LimbecError) for name in names)


def test_wrong_usage_and_configuration(project, api):
    with pytest.raises(limbec.UsageError, match="lock-wait") as caught:
        api(project).upgrade(lock_wait="soon")
    assert caught.value.status == 2
    with pytest.raises(limbec.UsageError, match="there is no option 'lock_weight'"):
        api(project).upgrade(lock_weight=1)
    with pytest.raises(limbec.UsageError, match="unrecognized arguments"):
        api(project).run("heads", "--nonsense")
    with pytest.raises(limbec.UsageError, match="No 'script_location' key") as caught:
        api(project, config="nowhere.ini").heads()
    assert caught.value.hint == f"{project.folder}/nowhere.ini does not exist" and caught.value.status == 255
    (project.folder / "limbec.toml").write_text("colour = 1\n")
    with pytest.raises(limbec.UsageError, match="unknown setting 'colour'"):
        api(project).is_at_head()


def test_a_revision_that_is_not_there(project, api):
    with pytest.raises(limbec.RevisionError, match="Can't locate revision identified by 'nosuch'") as caught:
        api(project).upgrade("nosuch")
    assert caught.value.status == 255 and "limbec history" in caught.value.hint
    assert str(caught.value) == f"{caught.value.message}\nhint: {caught.value.hint}"


def test_a_script_that_fails(project, api):
    project.add("bbbb", "aaaa", up='print("before"); raise RuntimeError("the flux is low")')
    with pytest.raises(limbec.ScriptError, match="bbbb_.py, line 12: RuntimeError: the flux is low") as caught:
        api(project).upgrade()
    assert caught.value.status == 1 and caught.value.output == "before\n"
    assert not api(project).is_at_head()


def test_a_gate_that_is_shut(project, api):
    migrations = api(project)
    migrations.upgrade()
    project.add("bbbb", "aaaa", up=FILL)
    migrations.upgrade()
    with pytest.raises(limbec.Refused, match="users") as caught:
        migrations.downgrade("base")
    assert "--yes" in caught.value.hint and caught.value.status == 1
    assert migrations.downgrade("base", yes=True, allow_destructive=True).revisions == ("bbbb", "aaaa")


def test_a_database_that_is_away(project, api):
    away = "postgresql://me:hunter2@127.0.0.1:1/app"
    with pytest.raises(limbec.NotReachable, match="cannot reach PostgreSQL") as caught:
        api(project, url=away).is_at_head()
    assert isinstance(caught.value, limbec.DatabaseError) and "hunter2" not in str(caught.value)
    with pytest.raises(limbec.NotReachable):
        api(project, url=away).check_at_head()


def test_a_database_that_says_no(project, api, postgres_url):
    wrong = postgres_url.rpartition("/")[0] + "/no_such_database"
    with pytest.raises(limbec.DatabaseError, match="there is no database no_such_database") as caught:
        api(project, url=wrong).is_at_head()
    assert not isinstance(caught.value, limbec.NotReachable)


def test_a_hook_and_a_backup_that_fail(project, api):
    api(project).upgrade()
    project.add("bbbb", "aaaa", up=FILL)
    settings = project.folder / "limbec.toml"
    settings.write_text('[hooks]\nbefore-upgrade = "false"\n')
    with pytest.raises(limbec.HookError, match="before-upgrade") as caught:
        api(project).upgrade()
    assert caught.value.hint == "nothing was run"
    settings.unlink()
    api(project).upgrade()
    project.add("cccc", "bbbb", up='op.drop_table("users")')
    with pytest.raises(limbec.BackupError):
        api(project).upgrade(allow_destructive=True, backup="/proc/no/such/folder")
    assert [revision.revision for revision in api(project).current()] == ["bbbb"]


def test_a_lock_that_is_held(project, api):
    project.add("bbbb", "aaaa", up=LONG)
    migrations = api(project)
    with in_thread(lambda: migrations.upgrade()) as other:
        child = began(project)
        with pytest.raises(limbec.LockError, match="another run") as caught:
            migrations.upgrade(lock_wait=0.1)
        assert "nothing was changed" in caught.value.hint
        os.kill(child, signal.SIGKILL)
    assert isinstance(other.failure, limbec.Killed) and other.failure.status == -signal.SIGKILL
    assert str(other.failure) == "limbec was ended by SIGKILL"


def test_an_interrupt_that_only_limbec_gets(project, api):
    project.add("bbbb", "aaaa", up=LONG)
    with in_thread(lambda: api(project).upgrade()) as other:
        os.kill(began(project), signal.SIGINT)
    assert isinstance(other.failure, limbec.Interrupted) and other.failure.status == 130
    assert not api(project).is_at_head()


def test_a_binary_that_is_not_there(project, api, monkeypatch):
    with pytest.raises(limbec.NotInstalled, match="/nowhere/limbec cannot be run") as caught:
        api(project, binary="/nowhere/limbec").heads()
    assert caught.value.status is None
    monkeypatch.setattr(limbec, "find_limbec_bin", none_installed)
    monkeypatch.setattr(limbec.command, "find_limbec_bin", none_installed)
    with pytest.raises(limbec.NotInstalled, match="is not installed"):
        api(project, binary=None).heads()


def none_installed():
    raise FileNotFoundError("no limbec in /bin")


def test_a_listener_that_raises_ends_the_run(project, api):
    project.add("bbbb", "aaaa", up=LONG)

    def enough(event):
        if event.fields.get("revision") == "bbbb":
            raise LookupError("seen enough")

    with pytest.raises(LookupError, match="seen enough"):
        api(project).upgrade(on_event=enough)
    project.add("bbbb", "aaaa")
    assert "bbbb" in api(project).upgrade(lock_wait=0).revisions, "it was rolled back, and the lock is free"


@pytest.mark.parametrize("whole_group", [True, False], ids=["terminal", "kill"])
def test_ctrl_c_ends_the_child_and_is_raised(project, limbec_bin, whole_group):
    """On a terminal both get the signal; `kill -INT` reaches the parent alone."""
    project.add("bbbb", "aaaa", up=LONG)
    code = (
        "import limbec\ntry:\n"
        f"    limbec.Project(binary={str(limbec_bin)!r}).upgrade()\n"
        "except KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, cwd=project.folder, env=environment, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    child = began(project)
    if whole_group:
        os.killpg(process.pid, signal.SIGINT)
    else:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_exceptions_survive_copies_and_pickles(project, api):
    with pytest.raises(limbec.NotAtHead) as behind:
        api(project).check_at_head()
    with pytest.raises(limbec.RevisionError) as unknown:
        api(project).upgrade("nosuch")
    for error in (behind.value, unknown.value):
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert type(twin) is type(error) and str(twin) == str(error)
            assert (twin.causes, twin.hints, twin.status) == (error.causes, error.hints, error.status)
    assert pickle.loads(pickle.dumps(behind.value)).pending == ("aaaa",)


class in_thread:
    """Calls a function in a thread while the block runs; keeps what it raised."""

    def __init__(self, function):
        self.failure = None
        self._function = function
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            self._function()
        except Exception as error:
            self.failure = error

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join()


def began(project):
    """The process id of the limbec whose long migration runs."""
    path = project.folder / "began"
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, "it did not begin"
        time.sleep(0.02)
    return int(path.read_text())
