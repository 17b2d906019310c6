"""`limbec repair` shows, asks, mends, and finds nothing the second time; what cannot be told is left."""

import json

import pytest
from support import databases
from support.projects import Project

LONG = "a_revision_id_of_more_than_thirty_two_characters"


@pytest.fixture
def project(url, tmp_path, limbec_bin):
    made = Project(tmp_path / "project", url)
    made.add("aaaa", up='op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True))')
    made.add("bbbb", "aaaa", up='op.create_table("lines", sa.Column("id", sa.Integer, primary_key=True))')
    made.run(limbec_bin, "upgrade", "head").ok()
    return made


def is_sqlite(project):
    return project.url.startswith("sqlite")


def rows(project):
    return databases.fetch(project.url, "SELECT version_num FROM alembic_version ORDER BY version_num")


def mended(project, limbec_bin, *words):
    """What `repair --yes` did; afterwards there is nothing to do, and verify is content."""
    done = project.run(limbec_bin, "repair", "--yes", "--format", "json", *words).ok()
    (database,) = json.loads(done.out)["databases"]
    assert all(repair["done"] for repair in database["repairs"])
    assert project.run(limbec_bin, "repair", "--yes").ok().out == "There is nothing to repair.\n"
    project.run(limbec_bin, "verify").ok()
    return [(repair["code"], repair["message"]) for repair in database["repairs"]]


def spoil(project):
    """Rows that cannot be: twice the head, what it implies, and NULL."""
    databases.execute(project.url, "DROP TABLE alembic_version")
    databases.execute(project.url, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    for row in ("'bbbb'", "'bbbb'", "'aaaa'", "NULL"):
        databases.execute(project.url, f"INSERT INTO alembic_version VALUES ({row})")


def test_rows_that_cannot_be(project, alembic_bin, limbec_bin):
    spoil(project)
    assert mended(project, limbec_bin) == [
        ("null-row", "remove the row that is NULL from alembic_version"),
        ("duplicate-row", "leave one row bbbb in alembic_version"),
        ("implied-row", "remove the row aaaa from alembic_version, which bbbb implies"),
    ]
    assert rows(project) == [("bbbb",)]
    assert "bbbb (head)" in project.run(alembic_bin, "current").ok().out


def test_nothing_is_changed_without_consent(project, limbec_bin):
    spoil(project)
    before = rows(project)
    for words in ([], ["--dry-run"], ["implied-row"]):
        done = project.run(limbec_bin, "repair", *words)
        assert done.status == 1
        assert "implied-row: remove the row aaaa from alembic_version, which bbbb implies" in done.out
        assert rows(project) == before
    assert "--yes" in project.run(limbec_bin, "repair").err
    project.run(limbec_bin, "repair", "--yes", "--dry-run").failed("cannot be used with", status=2)
    project.run(limbec_bin, "repair", "no-such-code").failed("no-such-code", status=2)


def test_one_code_alone(project, limbec_bin):
    spoil(project)
    project.run(limbec_bin, "repair", "--yes", "implied-row").ok()
    assert sorted(str(row[0]) for row in rows(project)) == ["None", "bbbb", "bbbb"]


def test_a_narrow_column(project, limbec_bin):
    project.add(LONG, "bbbb")
    if is_sqlite(project):
        assert mended(project, limbec_bin) == []
    else:
        project.run(limbec_bin, "upgrade", "head").failed("value too long")
        assert mended(project, limbec_bin) == [
            ("narrow-version-column", "make alembic_version.version_num VARCHAR(128)")
        ]
    project.run(limbec_bin, "upgrade", "head").ok()
    assert rows(project) == [(LONG,)]


def test_a_step_that_happened_and_was_not_recorded(project, limbec_bin):
    steps = ['op.create_table("a", sa.Column("id", sa.Integer))', 'op.add_column("a", sa.Column("b", sa.Text))']
    project.add("cccc", "bbbb", up="\n".join(steps))
    project.add("dddd", "cccc", up='op.execute("UPDATE a SET id = 1")')
    databases.execute(project.url, "CREATE TABLE a (id INTEGER)")
    done = project.run(limbec_bin, "verify").failed(status=1)
    assert "unrecorded-step: revision cccc does not count as applied, and a part of it is there" in done.out
    assert project.run(limbec_bin, "repair", "--yes").ok().out == "There is nothing to repair.\n"
    databases.execute(project.url, "ALTER TABLE a ADD COLUMN b TEXT")
    assert mended(project, limbec_bin) == [
        ("unrecorded-step", "say that revision cccc is applied, all of which is there")
    ]
    assert rows(project) == [("cccc",)]


def test_an_invalid_index(project, limbec_bin):
    if is_sqlite(project):
        return
    from sqlalchemy import create_engine, exc, text

    databases.execute(project.url, "CREATE TABLE t (x INTEGER)", "INSERT INTO t VALUES (1), (1)")
    with create_engine(project.url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        with pytest.raises(exc.IntegrityError):
            connection.execute(text("CREATE UNIQUE INDEX CONCURRENTLY ux ON t (x)"))
    assert mended(project, limbec_bin) == [("invalid-index", "drop the invalid index public.ux on t")]
    assert databases.fetch(project.url, "SELECT 1 FROM pg_indexes WHERE indexname = 'ux'") == []
