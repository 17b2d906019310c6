"""`limbec verify`: a database that is as the files say has no findings, and one that is not has one with a code."""

import json
import subprocess

import pytest
from support import databases
from support.projects import Project

LONG = "a_revision_id_of_more_than_thirty_two_characters"
UP = {
    "aaaa": 'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("note", sa.String(50), nullable=False), sa.Column("total", sa.Integer))',
    "bbbb": 'op.create_index("ix_orders_total", "orders", ["total"])',
    "cccc": 'op.create_table("lines", sa.Column("id", sa.Integer, primary_key=True),'
    ' sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), nullable=False))',
}
UNDO = {"aaaa": 'op.drop_table("orders")', "bbbb": 'op.drop_index("ix_orders_total")', "cccc": 'op.drop_table("lines")'}


@pytest.fixture
def project(url, tmp_path, limbec_bin):
    made = Project(tmp_path / "project", url)
    down = None
    for revision, up in UP.items():
        made.add(revision, down, up=up, undo=UNDO[revision])
        down = revision
    made.run(limbec_bin, "upgrade", "head").ok()
    return made


def verify(project, limbec_bin, status=1):
    """The findings as (code, message), and the notes."""
    done = project.run(limbec_bin, "verify", "--format", "json")
    assert done.status == status, done.out + done.err
    (database,) = json.loads(done.out)["databases"]
    return [(finding["code"], finding["message"]) for finding in database["findings"]], database["notes"]


def codes(project, limbec_bin):
    return sorted({code for code, _ in verify(project, limbec_bin)[0]})


def test_nothing_is_wrong_after_an_upgrade(project, alembic_bin, limbec_bin):
    for step in (["downgrade", "-1"], ["upgrade", "head"], ["downgrade", "base"]):
        assert verify(project, limbec_bin, status=0)[0] == []
        project.run(alembic_bin, *step).ok()
    findings, notes = verify(project, limbec_bin, status=0)
    assert findings == []
    assert any(note.startswith("history: there is none") for note in notes)
    done = project.run(limbec_bin, "verify").ok()
    assert done.out == "alembic_version is as the revision files say.\n"


def test_rows_that_cannot_be(project, limbec_bin):
    databases.execute(
        project.url, "DROP TABLE alembic_version", "CREATE TABLE alembic_version (version_num VARCHAR(32))"
    )
    rows = ["'cccc'", "'cccc'", "'aaaa'", "NULL"]
    databases.execute(project.url, *(f"INSERT INTO alembic_version VALUES ({row})" for row in rows))
    found = verify(project, limbec_bin)[0]
    assert found == [
        ("null-row", "a row is NULL in alembic_version"),
        ("duplicate-row", "alembic_version has cccc 2 times"),
        ("implied-row", "alembic_version has aaaa beside cccc, which implies it"),
    ]


def test_a_narrow_column(project, limbec_bin):
    project.add(LONG, "cccc")
    if project.url.startswith("sqlite"):
        assert verify(project, limbec_bin, status=0)[0] == []
        return
    ((code, message),) = verify(project, limbec_bin)[0]
    assert code == "narrow-version-column"
    assert message == f"alembic_version.version_num holds 32 characters, and the id of revision {LONG} has {len(LONG)}"


def test_changes_by_hand(project, limbec_bin):
    is_sqlite = project.url.startswith("sqlite")
    databases.execute(project.url, "ALTER TABLE orders ADD COLUMN extra INTEGER", "DROP INDEX ix_orders_total")
    databases.execute(project.url, "CREATE INDEX ix_by_hand ON orders (note)")
    expected = [
        "column `orders.extra` is made by no revision",
        "index `orders.ix_by_hand` is made by no revision",
        "index `orders.ix_orders_total` is missing",
    ]
    if not is_sqlite:
        databases.execute(
            project.url,
            "ALTER TABLE orders ALTER COLUMN total TYPE bigint, ALTER COLUMN note DROP NOT NULL",
            "ALTER TABLE lines DROP CONSTRAINT lines_order_id_fkey",
        )
        expected += [
            "column `orders.total` is bigint, the revisions make it sa.Integer",
            "column `orders.note` is nullable, the revisions make it NOT NULL",
            "foreign key `lines.(order_id)` is missing",
        ]
    databases.execute(project.url, "CREATE TABLE of_another_application (x INTEGER)")
    findings, notes = verify(project, limbec_bin)
    assert {code for code, _ in findings} == {"schema-drift"}
    assert sorted(message for _, message in findings) == sorted(expected)
    assert [note for note in notes if "of_another_application" in note]


def test_what_cannot_be_read_is_no_alarm(project, limbec_bin):
    sql = "ALTER TABLE orders ADD COLUMN secret INTEGER"
    project.add("dddd", "cccc", up=f'import os\nop.execute(os.environ.get("NONE", "{sql}"))')
    project.run(limbec_bin, "upgrade", "head").ok()
    findings, notes = verify(project, limbec_bin, status=0)
    assert findings == []
    assert [note for note in notes if "orders.secret" in note and "dddd" in note], notes
    # What it cannot have to do with is still found.
    databases.execute(project.url, "ALTER TABLE lines ADD COLUMN extra INTEGER")
    assert [message for _, message in verify(project, limbec_bin)[0]] == ["column `lines.extra` is made by no revision"]


def test_stamped_and_not_run(project, limbec_bin):
    project.add("dddd", "cccc", up='op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))')
    project.run(limbec_bin, "stamp", "head").ok()
    ((code, message),) = verify(project, limbec_bin)[0]
    assert code == "stamped-not-run"
    assert message == "revision dddd counts as applied, and nothing that it makes is there: table invoices"


def git(project, *words):
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *words], cwd=project.folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_unknown_revisions_are_looked_for_in_git(project, limbec_bin):
    git(project, "init", "-q", "-b", "main")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "begin")
    git(project, "switch", "-q", "-c", "feature")
    project.add("eeee", "cccc")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "on a branch")
    git(project, "switch", "-q", "main")
    (project.versions / "cccc_.py").unlink()
    git(project, "commit", "-qam", "tidy up")
    commit = git(project, "rev-parse", "--short", "HEAD")
    ((code, message),) = verify(project, limbec_bin)[0]
    assert code == "unknown-revision"
    path = "migrations/versions/cccc_.py"
    assert f"cccc, whose file {path} was deleted by Ada on " in message
    assert message.endswith(f"in commit {commit}: tidy up")
    databases.execute(project.url, "UPDATE alembic_version SET version_num = 'eeee'")
    ((code, message),) = verify(project, limbec_bin)[0]
    assert code == "unknown-revision"
    assert "eeee, whose file migrations/versions/eeee_.py is on branch feature (Ada, " in message
    databases.execute(project.url, "UPDATE alembic_version SET version_num = 'nobody'")
    ((code, message),) = verify(project, limbec_bin)[0]
    assert (code, message) == (
        "unknown-revision",
        "alembic_version has nobody: no file, branch or commit of this project has it",
    )
    databases.execute(project.url, "INSERT INTO alembic_version VALUES ('bbbb')")
    assert codes(project, limbec_bin) == ["two-applications"]


def test_an_invalid_index(project, limbec_bin):
    if project.url.startswith("sqlite"):
        return
    databases.execute(project.url, "INSERT INTO orders VALUES (1, 'x', 1), (2, 'x', 1)")
    from sqlalchemy import create_engine, exc, text

    with create_engine(project.url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with pytest.raises(exc.IntegrityError):
            connection.execute(text("CREATE UNIQUE INDEX CONCURRENTLY ux_note ON orders (note)"))
    assert ("invalid-index", "the index public.ux_note on orders is invalid: a concurrent build failed") in verify(
        project, limbec_bin
    )[0]


def test_a_database_that_does_not_answer(project, limbec_bin):
    project.write_ini("postgresql://nobody:secret@127.0.0.1:1/nowhere")
    done = project.run(limbec_bin, "verify").failed("cannot reach PostgreSQL", status=1)
    assert "secret" not in done.out + done.err
