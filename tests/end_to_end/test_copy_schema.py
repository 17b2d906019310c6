"""`limbec db move-schema --copy`: a second schema that is like the first, whatever happens on the way."""

import json
import subprocess
import time

import pytest
from support import databases, everything
from support.projects import Project
from support.schemas import dump, objects_in, script, without_grants

TARGET = 'new; "X"'
FUNCTIONS_OF_CONTROL = """
CREATE SCHEMA control;
CREATE TABLE control.stop (tag text);
CREATE FUNCTION control.row(n int) RETURNS bool LANGUAGE plpgsql AS $$
    BEGIN IF n = 77 AND EXISTS (SELECT FROM control.stop WHERE tag = 'rows') THEN PERFORM pg_sleep(600); END IF;
    RETURN true; END $$;
CREATE FUNCTION control.statement() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN IF EXISTS (SELECT FROM control.stop WHERE tag = tg_tag) THEN PERFORM pg_sleep(600); END IF; END $$;
CREATE EVENT TRIGGER limbec_stop ON ddl_command_start EXECUTE FUNCTION control.statement();
"""


@pytest.fixture
def project(postgres_url, tmp_path, limbec_bin):
    """One of everything in `public`, one applied revision, one that is not, and a history."""
    made = Project(tmp_path / "project", postgres_url)
    (made.folder / "pyproject.toml").write_text("[tool.limbec]\nhistory = true\n")
    made.add("aaaa", up='op.create_table("made", sa.Column("id", sa.Integer, primary_key=True))')
    made.run(limbec_bin, "upgrade", "head").ok()
    made.add("bbbb", "aaaa", up='op.execute("CREATE TABLE more (id int)")', undo='op.execute("DROP TABLE more")')
    script(postgres_url, everything.statements("public"))
    return made


def copy(project, limbec_bin, *words, to=TARGET):
    return project.run(limbec_bin, "db", "move-schema", "--from", "public", "--to", to, "--copy", *words)


def test_the_copy_is_alike_and_the_source_untouched(project, limbec_bin):
    before = dump(project.url, "public")
    done = copy(project, limbec_bin, "--verify", "hash").ok()
    assert "by number and checksum" in done.out and "public is as it was" in done.out
    assert dump(project.url, "public") == before
    assert without_grants(dump(project.url, TARGET)) == without_grants(before)


def test_numbers_go_on_where_they_were(project, limbec_bin):
    copy(project, limbec_bin, to="app").ok()
    script(project.url, "INSERT INTO app.orgs (name) VALUES ('next'); INSERT INTO app.base VALUES (9)")
    assert databases.fetch(project.url, "SELECT id, number, name FROM app.orgs WHERE id > 500") == [(777, 2515, "NEXT")]
    script(project.url, """INSERT INTO app."T'; DROP TABLE orgs; --" (org) VALUES (777)""")
    assert databases.fetch(project.url, """SELECT max("c.d") FROM app."T'; DROP TABLE orgs; --" """) == [(2100,)]
    assert databases.fetch(project.url, "SELECT count(*) FROM public.orgs") == [(500,)]


def test_alembic_and_limbec_go_on_in_both(project, limbec_bin, alembic_bin):
    copy(project, limbec_bin, to="app").ok()
    there = {"LIMBEC_SCHEMA": "app", "PGOPTIONS": "-c search_path=app"}
    assert "1 of 2 applied" in project.run(limbec_bin, "status", **there).ok().out
    assert "1 of 2 applied" in project.run(limbec_bin, "status").ok().out
    project.run(limbec_bin, "upgrade", "head", **there).ok()
    assert "aaaa" in project.run(alembic_bin, "current").ok().out
    env = project.folder / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace("connection=connection", 'connection=connection, version_table_schema="app"')
    )
    assert "bbbb (head)" in project.run(alembic_bin, "current", **there).ok().out
    project.run(alembic_bin, "downgrade", "-1", **there).ok()


def test_the_source_is_dropped_with_consent(project, limbec_bin):
    before = dump(project.url, "public")
    copy(project, limbec_bin, "--drop-source").failed("--yes", status=1)
    assert objects_in(project.url, TARGET) == []
    result = json.loads(copy(project, limbec_bin, "--drop-source", "--yes", "--format", "json").ok().out)
    assert result["is_source_dropped"] and result["verified"] == "count" and result["mode"] == "copy"
    assert {"name": "orgs", "rows": "500"}.items() <= next(t for t in result["tables"] if t["name"] == "orgs").items()
    assert objects_in(project.url, "public") == []
    assert without_grants(dump(project.url, TARGET)) == without_grants(before)
    history = databases.fetch(project.url, "SELECT DISTINCT version_schema FROM limbec.limbec_history")
    assert history == [(TARGET,)]


def test_what_others_depend_on_is_not_dropped(project, limbec_bin):
    script(project.url, "CREATE SCHEMA other; CREATE VIEW other.seen AS SELECT name FROM public.orgs")
    done = copy(project, limbec_bin, "--drop-source", "--yes", to="app").failed(status=1)
    assert "public is not dropped: rule _RETURN on view other.seen depends on column name of table" in done.err
    assert databases.fetch(project.url, "SELECT count(*) FROM public.orgs") == [(500,)]
    script(project.url, "DROP VIEW other.seen")
    copy(project, limbec_bin, "--drop-source", "--yes", "--resume", to="app").ok()
    assert objects_in(project.url, "public") == []


def test_some_tables(project, limbec_bin):
    copy(project, limbec_bin, "--tables", "events,base,derived", "--verify", "hash", to="app").ok()
    tables = [name for name in objects_in(project.url, "app") if name.startswith("table")]
    assert tables == [
        f"table app.{name}"
        for name in ["base", "derived", "events", "events_2025", "events_2026", "events_2026_0", "events_rest"]
    ]
    query = (
        "SELECT confrelid::regclass::text FROM pg_constraint WHERE conrelid = 'app.events'::regclass AND contype = 'f'"
    )
    assert databases.fetch(project.url, query) == [("orgs",)]
    copy(project, limbec_bin, "--tables", "derived", to="two").failed("belongs to base", status=1)


def test_what_would_not_be_exact_is_refused(project, limbec_bin):
    script(project.url, "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)")
    done = copy(project, limbec_bin, to="app").failed(status=1)
    assert "operator ===(integer,integer) is of a kind that limbec does not copy" in done.err
    assert databases.fetch(project.url, "SELECT 1 FROM pg_namespace WHERE nspname = 'app'") == []


def test_grants_and_owners(project, limbec_bin):
    suffix = databases.fetch(project.url, "SELECT current_database()")[0][0][-8:]
    reader, owner = f"limbec_reader_{suffix}", f"limbec_owner_{suffix}"
    script(
        project.url,
        f"""CREATE ROLE {reader}; CREATE ROLE {owner};
        GRANT SELECT, UPDATE (name, mood) ON orgs TO {reader}; GRANT INSERT ON base TO {reader} WITH GRANT OPTION;
        GRANT SELECT ON names, totals TO PUBLIC; GRANT USAGE ON SEQUENCE counter, orgs_id_seq TO {reader};
        REVOKE EXECUTE ON FUNCTION double(int) FROM PUBLIC; REVOKE USAGE ON TYPE mood FROM PUBLIC;
        ALTER TABLE base OWNER TO {owner}; ALTER FUNCTION touch() OWNER TO {owner};
        ALTER TYPE pair OWNER TO {owner};""",
    )
    try:
        before = dump(project.url, "public")
        copy(project, limbec_bin).ok()
        wanted = [part for part in before if "SCHEMA public" not in part]
        assert [part for part in dump(project.url, TARGET) if "ACL" in part.split("\n")[0]] == [
            part for part in wanted if "ACL" in part.split("\n")[0]
        ]
        assert without_grants(dump(project.url, TARGET)) == without_grants(before)
    finally:
        script(project.url, f"DROP OWNED BY {reader}, {owner} CASCADE; DROP ROLE {reader}, {owner}")


def test_an_extension_stays_and_is_found(project, limbec_bin):
    script(
        project.url,
        "CREATE EXTENSION citext; CREATE TABLE words (word citext PRIMARY KEY); INSERT INTO words VALUES ('A')",
    )
    copy(project, limbec_bin, "--verify", "hash").ok()
    query = f"""SELECT atttypid::regtype::text FROM pg_attribute WHERE attname = 'word' AND attrelid IN
        (SELECT oid FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '{TARGET}'))"""
    assert set(databases.fetch(project.url, query)) == {("citext",)}


def test_a_role_that_owns_it_all(project, limbec_bin, postgres_server):
    """No superuser is needed, and a policy that would hide rows is no way to lose them."""
    name = databases.fetch(project.url, "SELECT current_database()")[0][0]
    role = f"limbec_plain_{name[-8:]}"
    script(project.url, f"CREATE ROLE {role} LOGIN; ALTER DATABASE {name} OWNER TO {role}")
    script(project.url, f"DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION {role}")
    try:
        script(project.url, f"SET ROLE {role};" + everything.statements("public"))
        url = project.url + f"?options=-crole%3D{role}"
        before = dump(project.url, "public")
        refused = copy(project, limbec_bin, "--url", url).failed("may not write to the history", status=1)
        assert f'GRANT SELECT, INSERT, UPDATE, DELETE ON "limbec"."limbec_history" TO "{role}";' in refused.err
        script(project.url, f"GRANT ALL ON limbec.limbec_history TO {role}; GRANT USAGE ON SCHEMA limbec TO {role}")
        refused = copy(project, limbec_bin, "--url", url).failed("keep the record of the copy", status=1)
        assert f'GRANT USAGE, CREATE ON SCHEMA "limbec" TO "{role}";' in refused.err
        script(project.url, f"GRANT CREATE ON SCHEMA limbec TO {role}")
        copy(project, limbec_bin, "--url", url, "--verify", "hash").ok()
        assert without_grants(dump(project.url, TARGET)) == without_grants(before)
        script(project.url, "ALTER TABLE public.orgs FORCE ROW LEVEL SECURITY")
        copy(project, limbec_bin, "--url", url, to="two").failed("row-level security", status=1)
        words = ["--from", "public", "--to", "three", "--url", url, "--format", "json"]
        moved = json.loads(project.run(limbec_bin, "db", "move-schema", *words).ok().out)
        (left,) = [warning["objects"] for warning in moved["warnings"] if warning["code"] == "not-moved"]
        assert "function span(integer,integer)" in left
        assert [name for name in objects_in(project.url, "public") if "span" not in name] == []
    finally:
        script(project.url, f"REASSIGN OWNED BY {role} TO limbec_trusted; DROP OWNED BY {role}; DROP ROLE {role}")


def killed_at(project, limbec_bin, tag, *words):
    """Kill limbec where the server sleeps on its behalf."""
    script(project.url, f"INSERT INTO control.stop VALUES ('{tag}')")
    command = [str(limbec_bin), "db", "move-schema", "--from", "public", "--to", TARGET, "--copy", *words]
    process = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    for _ in range(600):
        if databases.fetch(project.url, f"SELECT pid {sleeping}") or process.poll() is not None:
            break
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()
    script(project.url, f"DELETE FROM control.stop; SELECT pg_terminate_backend(pid) {sleeping}")


@pytest.mark.parametrize(
    "tag", ["CREATE TABLE", "rows", "ALTER TABLE", "CREATE INDEX", "CREATE VIEW", "CREATE TRIGGER", "COMMENT", "GRANT"]
)
def test_killed_and_resumed(project, limbec_bin, tag):
    script(project.url, FUNCTIONS_OF_CONTROL + "ALTER TABLE orgs ADD CONSTRAINT slow CHECK (control.row(id));")
    script(project.url, "GRANT SELECT ON made TO PUBLIC")
    before = dump(project.url, "public")
    killed_at(project, limbec_bin, tag)
    assert dump(project.url, "public") == before
    if databases.fetch(project.url, "SELECT to_regclass('limbec.limbec_copy') IS NOT NULL") == [(True,)]:
        copy(project, limbec_bin).failed("is not finished", "--resume", status=1)
        copy(project, limbec_bin, "--resume", "--verify", "hash").ok()
    else:
        copy(project, limbec_bin, "--resume").failed("there is nothing to resume", status=1)
        copy(project, limbec_bin, "--verify", "hash").ok()
    assert dump(project.url, "public") == before
    copied = [part for part in dump(project.url, TARGET) if "SCHEMA" not in part.split("\n")[0]]
    assert without_grants(copied) == without_grants(before)


def test_rows_that_change_before_the_copy_is_resumed(project, limbec_bin):
    script(project.url, FUNCTIONS_OF_CONTROL + "ALTER TABLE scratch ADD n int DEFAULT 1, ADD CHECK (control.row(n));")
    script(project.url, "INSERT INTO scratch (k, n) VALUES ('last', 77)")
    killed_at(project, limbec_bin, "rows")
    script(project.url, "UPDATE orgs SET name = 'changed' WHERE id = 70; DELETE FROM base WHERE id = 1")
    copy(project, limbec_bin, "--resume", "--verify", "hash").ok()
    quoted = '"' + TARGET.replace('"', '""') + '"'
    assert databases.fetch(project.url, f"SELECT name FROM {quoted}.orgs WHERE id = 70") == [("changed",)]


def test_rows_that_change_when_keys_are_there(project, limbec_bin):
    script(project.url, FUNCTIONS_OF_CONTROL)
    killed_at(project, limbec_bin, "CREATE VIEW")
    script(project.url, "UPDATE orgs SET name = 'changed' WHERE id = 70")
    done = copy(project, limbec_bin, "--resume").failed(status=1)
    assert "table orgs was written to while no copy was running" in done.err


def test_a_structure_that_changes_before_the_copy_is_resumed(project, limbec_bin):
    script(project.url, FUNCTIONS_OF_CONTROL)
    killed_at(project, limbec_bin, "CREATE VIEW")
    script(project.url, "ALTER TABLE orgs ADD COLUMN more int")
    done = copy(project, limbec_bin, "--resume").failed("the structure of public has changed", status=1)
    assert "CASCADE` gives the copy up" in done.err
    script(project.url, 'DROP SCHEMA "new; ""X""" CASCADE')
    copy(project, limbec_bin, "--verify", "hash").ok()


def test_nobody_writes_meanwhile(project, limbec_bin):
    script(project.url, FUNCTIONS_OF_CONTROL + "INSERT INTO control.stop VALUES ('CREATE VIEW')")
    command = [str(limbec_bin), "db", "move-schema", "--from", "public", "--to", TARGET, "--copy"]
    process = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    sleeping = "FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
    while not databases.fetch(project.url, f"SELECT pid {sleeping}"):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    with pytest.raises(Exception, match="lock timeout"):
        script(project.url, "SET lock_timeout = '100ms'; INSERT INTO base VALUES (5)")
    assert databases.fetch(project.url, "SELECT count(*) FROM orgs") == [(500,)]
    upgrade = project.run(limbec_bin, "upgrade", "--lock-wait", "0s", "head").failed("locked")
    assert "limbec" in upgrade.err
    script(project.url, "DELETE FROM control.stop")
    script(project.url, f"SELECT pg_cancel_backend(pid) {sleeping}")
    process.communicate()
    copy(project, limbec_bin, "--resume").ok()
    script(project.url, "INSERT INTO base VALUES (5)")
