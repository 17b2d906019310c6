"""`import limbec`: commands as methods, results as values, failures as exceptions."""

import sys
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
    with pytest.raises(limbec.NotAtHead, match="is at aaaa, and 1 revisions are pending: bbbb") as caught:
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
