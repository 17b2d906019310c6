"""`import limbec`: commands as methods, results as values, failures as exceptions."""

import asyncio
import copy
import dataclasses
import os
import pickle
import subprocess
import sys
import threading
from datetime import timedelta, timezone

import pytest
from support.paths import ROOT
from support.projects import Project

sys.path.insert(0, str(ROOT / "python"))

import limbec

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True))'
DROP_USERS = 'op.drop_table("users")'


@pytest.fixture
def project(url, tmp_path):
    """Two revisions, none applied."""
    project = Project(tmp_path / "project", url)
    project.add("aaaa", up=USERS, undo=DROP_USERS)
    project.add("bbbb", "aaaa", up='print("said by bbbb")')
    return project


@pytest.fixture
def on_sqlite(tmp_path):
    """The same on SQLite alone."""
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/app.db")
    project.add("aaaa", up=USERS, undo=DROP_USERS)
    project.add("bbbb", "aaaa")
    return project


@pytest.fixture
def api(limbec_bin):
    """A function that makes the API's Project of a test's."""

    def make(project, **arguments):
        return limbec.Project(directory=project.folder, binary=limbec_bin, **arguments)

    return make


def test_up_and_down(project, api):
    migrations = api(project)
    assert not migrations.is_at_head()
    assert migrations.plan().revisions == ("aaaa", "bbbb")
    assert migrations.plan("aaaa").steps == (limbec.PlannedStep("aaaa", "upgrade", (), ("aaaa",)),)
    done = migrations.upgrade()
    assert done and done.revisions == ("aaaa", "bbbb")
    assert done.output == "said by bbbb\n" and done.warnings == ()
    assert all(step.direction == "upgrade" and step.duration > timedelta(0) for step in done.steps)
    assert migrations.is_at_head() and not migrations.plan() and not migrations.upgrade("head")
    migrations.check_at_head()
    assert [revision.revision for revision in migrations.current()] == ["bbbb"]
    assert migrations.plan_downgrade("base").revisions == ("bbbb", "aaaa")
    assert migrations.downgrade("-1").revisions == ("bbbb",)
    assert migrations.downgrade("base", yes=True).revisions == ("aaaa",)
    assert migrations.current() == ()


def test_where_the_database_stands(project, api):
    (project.folder / "limbec.toml").write_text("history = true\n")
    migrations = api(project)
    migrations.upgrade("aaaa")
    status = migrations.status()
    assert status.heads == ("aaaa",) and not status.is_at_head and status.ahead == ()
    applied, pending = status.revisions
    assert applied.state == "applied" and applied.path == project.versions / "aaaa_.py"
    assert applied.applied_at.tzinfo is timezone.utc and applied.duration >= timedelta(0)
    assert pending == limbec.RevisionStatus(
        "bbbb", "revision bbbb", project.versions / "bbbb_.py", "pending", None, None
    )
    assert status.pending == (pending,)
    with pytest.raises(limbec.NotAtHead, match="is at aaaa, and 1 revision is pending: bbbb") as caught:
        migrations.check_at_head()
    assert caught.value.pending == ("bbbb",) and caught.value.ahead == ()


def test_a_database_that_is_ahead_is_not_at_head(project, api):
    migrations = api(project)
    migrations.upgrade()
    (project.versions / "bbbb_.py").unlink()
    assert not migrations.is_at_head()
    with pytest.raises(limbec.NotAtHead, match="no file here has bbbb") as caught:
        migrations.check_at_head()
    assert caught.value.ahead == ("bbbb",) and caught.value.hint == "the database was migrated by newer code than this"


def test_what_the_files_say(on_sqlite, api):
    on_sqlite.add("cccc", "aaaa", labels="side")
    migrations = api(on_sqlite)
    heads = {head.revision: head for head in migrations.heads()}
    assert set(heads) == {"bbbb", "cccc"} and heads["cccc"].branch_labels == ("side",)
    assert heads["bbbb"] == limbec.Revision(
        "bbbb", ("aaaa",), (), (), True, "revision bbbb", on_sqlite.versions / "bbbb_.py"
    )
    assert {revision.revision for revision in migrations.history()} == {"aaaa", "bbbb", "cccc"}
    assert [revision.revision for revision in migrations.history("aaaa:bbbb")] == ["bbbb", "aaaa"]
    with pytest.raises(limbec.RevisionError, match="Multiple head revisions"):
        migrations.upgrade("head")
    assert set(migrations.upgrade().revisions) == {"aaaa", "bbbb", "cccc"}
    migrations.stamp(["aaaa"], purge=True)
    migrations.stamp(["bbbb", "cccc"])
    assert migrations.status().heads == ("bbbb", "cccc")


def test_the_linter_and_new_files(on_sqlite, api):
    migrations = api(on_sqlite)
    found = {(finding.rule, finding.path.name) for finding in migrations.validate()}
    assert ("nonstandard-file-name", "aaaa_.py") in found
    chosen = migrations.validate([on_sqlite.versions / "bbbb_.py"])
    (named,) = [finding for finding in chosen if finding.rule == "nonstandard-file-name"]
    assert (named.path, named.level, named.revision) == (on_sqlite.versions / "bbbb_.py", "error", "bbbb")
    path = migrations.new("Add user preferences", autogenerate=False, rev_id="cccc")
    assert path.parent == on_sqlite.versions and path.name.endswith("_add_user_preferences.py")
    assert [head.revision for head in migrations.heads()] == ["cccc"]
    assert not [finding for finding in migrations.validate([path]) if finding.rule == "nonstandard-file-name"]
    assert migrations.new("-o looks like an option", autogenerate=False).exists()


def test_any_other_command(on_sqlite, api):
    migrations = api(on_sqlite)
    assert migrations.run("heads").output == "bbbb (head)\n"
    migrations.upgrade("aaaa")
    assert migrations.run("status", "--check").status == 1, "findings are no failure"
    document = migrations.run("upgrade", "--dry-run", "--format", "json", "head").json()
    assert [step["revision"] for step in document["databases"][0]["steps"]] == ["bbbb"]
    with pytest.raises(limbec.LimbecError, match="printed no document"):
        migrations.run("heads").json()


def test_results_do_not_change(on_sqlite, api):
    status = api(on_sqlite).status()
    with pytest.raises(dataclasses.FrozenInstanceError):
        status.heads = ()
    for result in (status, api(on_sqlite).plan(), api(on_sqlite).heads()):
        assert pickle.loads(pickle.dumps(result)) == result and hash(result) == hash(copy.copy(result))


def test_what_env_py_prints_does_no_harm(on_sqlite, api):
    """Where env.py has to be run, its words are around the document."""
    env = on_sqlite.folder / "migrations/env.py"
    noise = "import atexit, sys\nprint('{loading')\nprint('{}', file=sys.stderr)\natexit.register(print, 'bye')\n"
    env.write_text(f"{noise}url = eval('1') and None\n{env.read_text()}")
    migrations = api(on_sqlite)
    assert not migrations.is_at_head() and len(migrations.status().pending) == 2
    assert migrations.upgrade().output == "{loading\nbye\n"
    assert migrations.is_at_head() and migrations.status().is_at_head


def test_several_databases(tmp_path, api):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/one.db")
    project.add("aaaa", up=USERS)
    env = project.folder / "migrations/env.py"
    run = env.read_text().partition("    with create_engine(url")[0] + "    for url in (url, url + '2'):\n"
    body = env.read_text().partition("else:\n")[2]
    env.write_text(run + "".join(f"    {line}\n" for line in body.splitlines()))
    migrations = api(project)
    with pytest.raises(limbec.UsageError, match="2 databases"):
        migrations.status()
    assert [status.is_at_head for status in migrations.statuses()] == [False, False]
    assert [step.revision for step in migrations.upgrade().steps] == ["aaaa", "aaaa"]
    assert migrations.is_at_head()


def test_the_check_makes_no_database_and_imports_nothing(on_sqlite, limbec_bin):
    code = f"""
import sys
before = set(sys.modules)
import limbec
early = set(sys.modules) - before
migrations = limbec.Project(binary={str(limbec_bin)!r})
print(migrations.is_at_head())
migrations.upgrade()
print(migrations.is_at_head())
assert not {{"sqlalchemy", "alembic", "mako"}} & set(sys.modules)
assert not early & {{"subprocess", "json", "logging", "dataclasses", "asyncio", "limbec.project"}}, early
"""
    done = python(on_sqlite, code)
    assert (done.stdout, done.stderr) == ("False\nTrue\n", "")
    (on_sqlite.folder.parent / "app.db").unlink()
    python(on_sqlite, f"import limbec; assert not limbec.Project(binary={str(limbec_bin)!r}).is_at_head()")
    assert not (on_sqlite.folder.parent / "app.db").exists()


def test_many_threads_at_once(on_sqlite, api):
    migrations, results = api(on_sqlite), []
    threads = [threading.Thread(target=lambda: results.append(migrations.upgrade("head"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(result.steps) for result in results) == [0, 0, 0, 0, 0, 2], "one of them did it"
    assert migrations.is_at_head()


def test_other_threads_go_on_and_asyncio_too(on_sqlite, api):
    on_sqlite.add("cccc", "bbbb", up="import time; time.sleep(0.5)")

    async def both():
        ticks = 0
        task = asyncio.create_task(asyncio.to_thread(api(on_sqlite).upgrade))
        while not task.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks, task.result()

    ticks, done = asyncio.run(both())
    assert done.revisions == ("aaaa", "bbbb", "cccc") and ticks > 10


def test_megabytes_on_both_streams(on_sqlite, api):
    """More than a pipe holds, on both at once, without an end of line."""
    on_sqlite.add(
        "cccc",
        "bbbb",
        up="import sys\nfor _ in range(640):\n    sys.stdout.write('o' * 8192)\n    sys.stderr.write('e' * 8192)",
    )
    told = []
    done = api(on_sqlite).upgrade(on_event=told.append)
    assert done.output == "o" * 5 * 1024 * 1024
    said = [event.message for event in told if event.name == "output"]
    assert sum(text.count("e") for text in said) >= 5 * 1024 * 1024


@pytest.mark.parametrize("streams", ["0", "0, 1", "0, 1, 2"])
def test_standard_streams_that_are_closed(on_sqlite, limbec_bin, streams):
    code = f"""
import os
for number in ({streams},): os.close(number)
import limbec
migrations = limbec.Project(binary={str(limbec_bin)!r})
done = migrations.upgrade()
with open("result", "w") as file: file.write(f"{{done.revisions}} {{migrations.is_at_head()}}")
"""
    on_sqlite.add("cccc", "bbbb", up='print("to nobody")')
    python(on_sqlite, code)
    assert (on_sqlite.folder / "result").read_text() == "('aaaa', 'bbbb', 'cccc') True"


def test_a_status_that_somebody_else_takes_is_no_success(on_sqlite, limbec_bin):
    code = f"""
import signal, limbec
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
try: limbec.Project(binary={str(limbec_bin)!r}).is_at_head()
except limbec.LimbecError as error: print(error)
"""
    assert "has taken its exit status\ncaused by: SIGCHLD is ignored" in python(on_sqlite, code).stdout


def test_the_url_is_in_no_command_line(on_sqlite, api, tmp_path):
    """While a migration runs, neither limbec's words nor those of the processes below it have the password."""
    on_sqlite.add(
        "cccc", "bbbb", up='import subprocess; print(subprocess.check_output(["ps", "-eo", "args"], text=True))'
    )
    secret = "hunter2" + tmp_path.name
    given = f"sqlite:///{tmp_path}/{secret}.db"
    done = api(on_sqlite, url=given).upgrade()
    assert "--log-format=json" in done.output and secret not in done.output
    assert (tmp_path / f"{secret}.db").exists()


def test_urls_of_sqlalchemy(on_sqlite, api, postgres_url):
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url

    engine = create_engine(on_sqlite.url)
    assert not api(on_sqlite, url=engine.url).is_at_head()
    assert "hunter2" not in repr(api(on_sqlite, url="postgresql://me:hunter2@db/x")._command)
    hidden = str(make_url("postgresql://me:hunter2@db/x"))
    with pytest.raises(limbec.UsageError, match=r"\*\*\* in the place of its password") as caught:
        api(on_sqlite, url=hidden)
    assert "hide_password=False" in caught.value.hint


def test_arguments_reach_env_py(on_sqlite, api):
    env = on_sqlite.folder / "migrations/env.py"
    words = "context.get_x_argument(), os.environ.get('COLOUR'), context.get_tag_argument(), sys.executable"
    env.write_text(env.read_text().replace("\nurl = ", f"\nimport sys\nprint({words})\nurl = "))
    migrations = api(on_sqlite, x={"tenant": "acme", "n": "-1"}, env={"COLOUR": "red"})
    assert migrations.upgrade(tag="blue").output == f"['tenant=acme', 'n=-1'] red blue {sys.executable}\n"
    on_sqlite.add("cccc", "bbbb")
    other = api(on_sqlite, x=["one"], python="/nowhere/python")
    with pytest.raises(limbec.ScriptError, match="/nowhere/python"):
        other.upgrade()


def test_times_are_given_in_three_ways():
    from limbec.options import words

    given = {"lock_wait": timedelta(minutes=2), "lock_timeout": 1.5, "statement_timeout": "10m", "retries": 0}
    expected = ["--lock-wait=120000ms", "--lock-timeout=1500ms", "--statement-timeout=10m", "--retries=0"]
    assert list(words(given)) == expected
    assert list(words({"yes": True, "allow_destructive": False, "backup": True})) == ["--yes", "--backup"]


def test_the_log_goes_to_listeners_and_to_logging(on_sqlite, api, caplog):
    on_sqlite.add("cccc", "bbbb", up='import logging; logging.getLogger("shop.orders").warning("three orders are odd")')
    told = []
    with caplog.at_level("INFO"):
        api(on_sqlite).upgrade(on_event=told.append)
    names = [event.name for event in told]
    assert names[0] == "planned" and names[-1] == "finished" and names.count("step_finished") == 3
    assert told[1].fields["revision"] == "aaaa" and told[1].time.tzinfo is timezone.utc
    records = {(record.name, record.levelname, record.getMessage()) for record in caplog.records}
    assert ("shop.orders", "WARNING", "three orders are odd") in records
    assert ("limbec", "INFO", "upgrade aaaa") in records


def test_an_interpreter_that_is_no_interpreter(monkeypatch):
    """As under uWSGI, where `sys.executable` is the server."""
    from limbec.command import _interpreter

    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    found = _interpreter()
    assert found and os.path.dirname(found) == os.path.join(sys.exec_prefix, "bin")


def python(project, code):
    """Runs code in a fresh interpreter, in the project's folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done
