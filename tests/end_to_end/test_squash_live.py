"""`limbec squash --from-database`: the baseline of a history that cannot be run from empty any more."""

import json

import pytest
from support import databases
from support.projects import Project
from support.squashing import content, without_rewritten

STRANGERS = {
    "sqlite": ("CREATE TABLE audit_a (id INTEGER PRIMARY KEY)", "CREATE VIEW audit_b AS SELECT id FROM audit_a"),
    "postgresql": (
        "CREATE TABLE audit_a (id serial PRIMARY KEY)",
        "CREATE VIEW audit_b AS SELECT id FROM audit_a",
        "CREATE FUNCTION audit_f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a'",
        "CREATE SCHEMA elsewhere",
        "CREATE TABLE elsewhere.users (id integer)",
        "CREATE EXTENSION pg_trgm",
        "CREATE PUBLICATION everything FOR TABLE users",
    ),
}


@pytest.fixture
def gone(squashing):
    """The first revision imports what is not there any more; a database that has run it is at the baseline-to-be."""
    live = squashing.database("upgrade eeee")
    path = squashing.project.versions / "aaaa_.py"
    path.write_text(
        path.read_text().replace("import sqlalchemy as sa", "import sqlalchemy as sa\nimport gone_for_good")
    )
    squashing.live = live
    return squashing


def test_a_history_that_no_longer_runs(gone):
    """Plain Alembic goes on from the baseline, and the live database as if nothing had happened."""
    before = content(gone.live)
    gone.squash("--with-data").failed("gone_for_good", status=1)
    told = gone.squash("--from-database", "--data-of", "roles").ok()
    assert "The schema is that of" in told.err and "roles: 2 rows, in the baseline" in told.err
    assert content(gone.live) == before
    for run in (gone.limbec, gone.alembic):
        url = gone.database()
        run("upgrade", "eeee").ok()
        assert without_rewritten(content(url)) == without_rewritten(before)
        run("upgrade", "head").ok()
    gone.point_at(gone.live)
    gone.alembic("upgrade", "head").ok()
    assert databases.versions(gone.live) == ["ffff"]
    assert without_rewritten(content(gone.live)) == without_rewritten(content(url))


def test_a_database_in_the_middle_finds_its_way(squashing):
    live = squashing.database("upgrade eeee")
    middle = squashing.database("upgrade bbbb")
    squashing.squash(f"--from-database={live}", "--data-of", "roles", "--ignore-databases").ok()
    squashing.point_at(middle)
    squashing.limbec("upgrade", "head").ok()
    url = squashing.database()
    squashing.alembic("upgrade", "head").ok()
    assert without_rewritten(content(middle)) == without_rewritten(content(url))


def test_it_is_exactly_at_the_revision(squashing):
    before = squashing.files()
    for step, way_out in [("head", "--to ffff"), ("bbbb", "upgrade it to eeee first")]:
        live = squashing.database(f"upgrade {step}")
        told = squashing.squash(f"--from-database={live}", "--without-data", "--ignore-databases")
        told.failed("not at eeee", way_out, status=1)
    empty = squashing.databases_of()
    databases.execute(empty, "CREATE TABLE a (id integer)")
    told = squashing.squash(f"--from-database={empty}", "--without-data", "--ignore-databases")
    told.failed("is at no revision, not at eeee", status=1)
    assert squashing.files() == before


def test_rows_are_decided_on(gone):
    """A live database has many rows that are not the history's: they are named, never all taken."""
    before = gone.files()
    gone.squash("--from-database").failed("the revisions put rows into tables: roles", "--data-of", status=2)
    gone.squash("--from-database", "--with-data").failed("cannot be used with", status=2)
    gone.squash("--from-database", "--data-of", "rolls").failed("the database has no table rolls", status=2)
    assert gone.files() == before
    databases.execute(gone.live, "INSERT INTO users (id, name) VALUES (1, 'MIA')")
    databases.execute(gone.live, "DELETE FROM roles")
    databases.execute(gone.live, "INSERT INTO roles VALUES (3, 'three')")
    gone.squash("--from-database", "--data-of", "roles").ok()
    url = gone.database("upgrade head")
    assert databases.fetch(url, "SELECT * FROM roles") == [(3, "three")]
    assert databases.fetch(url, "SELECT * FROM users") == []


def test_what_no_revision_makes_is_decided_on(gone):
    clean = without_rewritten(content(gone.live))[0]
    databases.execute(gone.live, *STRANGERS[gone.dialect])
    before = gone.files()
    squash = ["--from-database", "--without-data"]
    told = gone.squash(*squash).failed("what no revision makes", "view audit_b", "table audit_a", status=2)
    gone.squash(*squash, "--leave-out", "nobody").failed("no such object", status=2)
    gone.squash(*squash, "--keep", "audit_b", "--leave-out", "*").failed("table audit_a cannot be left out", status=1)
    assert gone.files() == before
    if gone.dialect == "postgresql":
        for name in ("schema elsewhere", "extension pg_trgm", "function audit_f(a integer)"):
            assert name in told.err
    told = json.loads(gone.squash(*squash, "--leave-out", "*", "--format", "json").ok().out)["live"]
    assert told["kept"] == [] and "table audit_a" in told["left_out"]
    if gone.dialect == "postgresql":
        assert told["omitted"] == ["publication everything"]
    url = gone.database("upgrade eeee")
    assert without_rewritten(content(url))[0] == clean


def test_what_no_revision_makes_may_be_kept(gone):
    databases.execute(gone.live, *STRANGERS[gone.dialect])
    gone.squash("--from-database", "--without-data", "--keep", "*").ok()
    if gone.dialect == "postgresql":
        databases.execute(gone.live, "DROP PUBLICATION everything")
    url = gone.database("upgrade eeee")
    assert without_rewritten(content(url))[0] == without_rewritten(content(gone.live))[0]


def test_limbecs_own_tables_are_not_taken(squashing):
    (squashing.project.folder / "limbec.toml").write_text("history = true\n")
    live = squashing.database()
    squashing.limbec("upgrade", "eeee").ok()
    squashing.squash(f"--from-database={live}", "--data-of", "roles").ok()
    assert "limbec_history" not in squashing.files()["versions/eeee_.up.sql"].decode()


def test_passwords_are_not_told(squashing):
    url = "postgresql://u:s3cret@127.0.0.1:1/nowhere"
    told = squashing.squash(f"--from-database={url}", "--without-data", "--ignore-databases").failed(status=1)
    assert "s3cret" not in told.out + told.err


def test_tables_of_the_application(tmp_path, limbec_bin, alembic_bin):
    """As MLflow's: the first revision changes a table that the application makes before it runs migrations."""
    live = f"sqlite:///{tmp_path}/live.db"
    project = Project(tmp_path / "project", live)
    project.add("aaaa", up='op.add_column("runs", sa.Column("name", sa.Text))')
    project.add("bbbb", "aaaa", up='op.create_table("tags", sa.Column("run", sa.Integer, sa.ForeignKey("runs.id")))')
    databases.execute(live, "CREATE TABLE runs (id INTEGER PRIMARY KEY)")
    project.run(alembic_bin, "upgrade", "head").ok()
    project.run(limbec_bin, "squash", "--to", "head").failed("runs")
    project.run(limbec_bin, "squash", "--to", "head", "--from-database").ok()
    url = f"sqlite:///{tmp_path}/new.db"
    project.write_ini(url)
    project.run(alembic_bin, "upgrade", "head").ok()
    assert databases.schema(url) == databases.schema(live)
