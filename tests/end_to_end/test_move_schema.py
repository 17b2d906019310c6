"""`limbec db move-schema`: everything of one schema in another one, by one transaction or by a copy."""

import json
import re

import pytest
from support import databases, everything
from support.projects import Project
from support.schemas import dump, objects_in, script, without_grants

TARGET = 'new; "X"'
QUOTED = '"new; ""X"""'


@pytest.fixture
def project(postgres_url, tmp_path, limbec_bin):
    """One of everything in `public`, one applied revision, one that is not, and a history."""
    made = Project(tmp_path / "project", postgres_url)
    (made.folder / "pyproject.toml").write_text("[tool.limbec]\nhistory = true\n")
    made.add("aaaa", up='op.create_table("made", sa.Column("id", sa.Integer, primary_key=True))')
    made.run(limbec_bin, "upgrade", "head").ok()
    made.add(
        "bbbb",
        "aaaa",
        up='op.execute("CREATE TABLE more (id int)")',
        undo='op.execute("DROP TABLE more")',
    )
    script(postgres_url, everything.statements("public"))
    return made


def move(project, limbec_bin, *words, to=TARGET, source="public"):
    return project.run(limbec_bin, "db", "move-schema", "--from", source, "--to", to, *words)


def test_everything_moves_in_one_transaction(project, limbec_bin):
    before = dump(project.url, "public")
    done = move(project, limbec_bin).ok()
    assert "13 tables" in done.out and f"from public to {TARGET}" in done.out
    assert objects_in(project.url, "public") == []
    after = dump(project.url, TARGET)
    assert without_grants(after) == without_grants(before)


def test_alembic_and_limbec_go_on_in_the_new_schema(project, limbec_bin, alembic_bin):
    move(project, limbec_bin, to="app").ok()
    history = databases.fetch(project.url, "SELECT DISTINCT version_schema FROM limbec.limbec_history")
    assert history == [("app",)]
    there = {"LIMBEC_SCHEMA": "app", "PGOPTIONS": "-c search_path=app"}
    status = project.run(limbec_bin, "status", **there).ok()
    assert "1 of 2 applied" in status.out
    assert "aaaa" in project.run(limbec_bin, "log", **there).ok().out
    project.run(limbec_bin, "upgrade", "head", **there).ok()
    env = project.folder / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace("connection=connection", 'connection=connection, version_table_schema="app"')
    )
    assert "bbbb (head)" in project.run(alembic_bin, "current", **there).ok().out
    project.run(alembic_bin, "downgrade", "-1", **there).ok()
    project.run(limbec_bin, "upgrade", "head", PGOPTIONS="-c search_path=app").ok()
    assert databases.fetch(project.url, "SELECT version_num FROM app.alembic_version") == [("bbbb",)]


def test_a_dry_run_says_it_all_and_does_nothing(project, limbec_bin):
    before = objects_in(project.url, "public")
    done = move(project, limbec_bin, "--dry-run").ok()
    assert "table events (900 rows, " in done.out
    assert f"ALTER TABLE public.orgs SET SCHEMA {QUOTED};" in done.out
    result = json.loads(move(project, limbec_bin, "--dry-run", "--format", "json").ok().out)
    assert result["outcome"] == "planned" and result["mode"] == "move"
    assert {"kind": "type", "name": "mood"} in result["objects"]
    assert objects_in(project.url, "public") == before


def test_some_tables_take_along_what_is_theirs_alone(project, limbec_bin):
    move(project, limbec_bin, "--tables", "events", to="app").ok()
    assert objects_in(project.url, "app") == [
        "sequence app.events_id_seq",
        "table app.events",
        "table app.events_2025",
        "table app.events_2026",
        "table app.events_2026_0",
        "table app.events_rest",
    ]
    # The materialized view has a column of the type, too.
    move(project, limbec_bin, "--tables", "events,totals", to="public", source="app").failed("totals", status=2)
    move(project, limbec_bin, "--tables", "events", to="public", source="app").ok()
    move(project, limbec_bin, "--tables", "events,totals", to="app").ok()
    assert {"type app.level", "materialized view app.totals"} < set(objects_in(project.url, "app"))
    assert "1 of 2 applied" in project.run(limbec_bin, "status").ok().out
    move(project, limbec_bin, "--tables", "base,nothing", to="app").failed("nothing", status=2)


def test_names_that_are_taken_are_all_told(project, limbec_bin):
    taken = [
        "CREATE SCHEMA app",
        "CREATE TABLE app.ix_orgs (id int)",
        "CREATE TYPE app.mood AS ENUM ('x')",
        "CREATE FUNCTION app.double(y int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE FUNCTION app.double(y text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE SEQUENCE app.orgs_id_seq",
        "CREATE VIEW app.orgs AS SELECT 1 AS one",
    ]
    databases.execute(project.url, *taken)
    before = objects_in(project.url, "public")
    done = move(project, limbec_bin, to="app").failed(status=1)
    expected = ["function double(integer)", "sequence orgs_id_seq", "table ix_orgs", "type mood", "view orgs"]
    assert f"the schema app has 5 objects of the same name: {', '.join(expected)}" in done.err
    assert objects_in(project.url, "public") == before


def test_what_is_written_as_text_is_told(project, limbec_bin):
    databases.execute(
        project.url,
        "CREATE FUNCTION count_orgs() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN count(*) FROM public.orgs; END'",
        "CREATE FUNCTION careful() RETURNS int LANGUAGE sql SET search_path = public, pg_temp AS 'SELECT 1'",
        "CREATE TABLE texts (id int DEFAULT nextval('public.counter'::text))",
        "CREATE EXTENSION citext",
    )
    name = databases.fetch(project.url, "SELECT current_database()")[0][0]
    script(project.url, f"ALTER DATABASE {name} SET search_path = public")
    result = json.loads(move(project, limbec_bin, "--format", "json").ok().out)
    found = {warning["code"]: warning["objects"] for warning in result["warnings"]}
    assert found == {
        "function-text": ["function count_orgs()"],
        "default-text": ["default of texts.id"],
        "function-search-path": ["function careful()"],
        "search-path-setting": [f"database {name}", "this connection"],
        "extension": ["citext"],
    }


def test_a_role_that_may_not_is_told_the_grants(project, limbec_bin, postgres_server):
    role = "limbec_mover_" + databases.fetch(project.url, "SELECT current_database()")[0][0][-8:]
    script(project.url, f"CREATE ROLE {role} LOGIN; GRANT SELECT ON alembic_version TO {role}")
    try:
        script(project.url, f"SET ROLE {role}; SELECT 1")
        url = re.sub(r"//[^@]*@", "//limbec_trusted@", project.url) + f"?options=-crole%3D{role}"
        done = move(project, limbec_bin, "--url", url).failed(status=1)
        name = databases.fetch(project.url, "SELECT current_database()")[0][0]
        assert f'GRANT CREATE ON DATABASE "{name}" TO "{role}";' in done.err
        assert f'GRANT "limbec_trusted" TO "{role}";' in done.err
        assert objects_in(project.url, "public") != []
    finally:
        script(project.url, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_schema_that_is_on_no_path_has_no_texts(project, limbec_bin):
    move(project, limbec_bin, to="app").ok()
    result = json.loads(move(project, limbec_bin, "--format", "json", source="app", to="other").ok().out)
    assert result["warnings"] == []


@pytest.mark.parametrize(
    "words, sentence, status",
    [
        (["--from", "public", "--to", "public"], "in already", 2),
        (["--from", "public", "--to", "pg_mine"], "is the server's own", 2),
        (["--from", "public", "--to", "limbec"], "is limbec's own", 2),
        (["--from", "nowhere", "--to", "app"], "there is no schema nowhere", 2),
        (["--from", "public"], "--to", 2),
    ],
)
def test_what_makes_no_sense_is_refused(project, limbec_bin, words, sentence, status):
    project.run(limbec_bin, "db", "move-schema", *words).failed(sentence, status=status)


def test_sqlite_has_no_schemas(tmp_path, limbec_bin):
    project = Project(tmp_path / "project", f"sqlite:///{tmp_path}/a.db")
    project.run(limbec_bin, "db", "move-schema", "--from", "public", "--to", "x").failed(
        "SQLite has no schemas", status=2
    )
    assert not (tmp_path / "a.db").exists()
