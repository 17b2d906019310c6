"""`limbec squash` and what revisions say about who may do what: never lost without a word."""

import json
import sys
import uuid

import pytest
from support import databases
from support.projects import Project

TABLES = """op.execute("CREATE TABLE a (id integer)")
op.execute("CREATE FUNCTION f() RETURNS integer SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'")"""
GRANTS = """op.execute("GRANT SELECT ON a TO PUBLIC")
op.execute("REVOKE ALL ON FUNCTION f() FROM PUBLIC")
op.execute("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}")
op.execute("GRANT USAGE ON SCHEMA public TO {role}")
op.execute("ALTER TABLE a OWNER TO {role}")"""
ACLS = """SELECT c.relname::text, c.relacl::text FROM pg_class c WHERE relname = 'a'
UNION ALL SELECT proname::text, proacl::text FROM pg_proc WHERE proname = 'f'
UNION ALL SELECT 'schema', nspacl::text FROM pg_namespace WHERE nspname = 'public'
UNION ALL SELECT 'default', string_agg(defaclacl::text, ' ') FROM pg_default_acl ORDER BY 1"""


@pytest.fixture
def project(tmp_path, postgres_databases, postgres_server, alembic_bin, limbec_bin):
    role = f"role_{uuid.uuid4().hex[:12]}"
    databases.run_on_server(postgres_server, f"CREATE ROLE {role}")
    project = Project(tmp_path / "project", postgres_databases())
    project.environment = {"LIMBEC_PYTHON": sys.executable}
    project.add("aaaa", up=TABLES)
    project.add("bbbb", "aaaa", up=GRANTS.format(role=role))
    project.add("cccc", "bbbb", up='op.execute("CREATE TABLE b (id integer)")')
    project.squash = lambda *options: project.run(
        limbec_bin, "squash", "--to", "cccc", "--server", postgres_server, "--ignore-databases", *options
    )
    project.alembic = lambda *arguments: project.run(alembic_bin, *arguments)
    project.databases_of = postgres_databases
    return project


def upgraded(project):
    url = project.databases_of()
    project.write_ini(url)
    project.alembic("upgrade", "head").ok()
    return url


def test_a_word_is_needed(project):
    told = project.squash().failed("--with-privileges", "--without-privileges", status=2)
    for place in ("GRANT in migrations/versions/bbbb_.py:", "REVOKE in", "ALTER DEFAULT PRIVILEGES in", "OWNER in"):
        assert place in told.err
    told = json.loads(project.squash("--without-privileges", "--format", "json").ok().out)["privileges"]
    assert not told["is_included"] and len(told["statements"]) == 5
    assert "GRANT" not in (project.versions / "cccc_.up.sql").read_text()


def test_the_privileges_of_the_finished_schema_are_kept(project):
    reference = databases.fetch(upgraded(project), ACLS.replace("c.relacl", "''"))
    told = project.squash("--with-privileges").ok()
    assert "the baseline does not have: ALTER … OWNER in migrations/versions/bbbb_.py" in told.err
    made = upgraded(project)
    assert databases.fetch(made, ACLS.replace("c.relacl", "''")) == reference
    assert databases.fetch(made, "SELECT has_table_privilege('pg_monitor', 'a', 'SELECT')") == [(True,)]
    assert databases.fetch(made, "SELECT has_function_privilege('pg_monitor', 'f()', 'EXECUTE')") == [(False,)]


def test_those_of_a_live_database(project):
    live = upgraded(project)
    reference = databases.fetch(live, ACLS.replace("c.relacl", "''"))
    project.squash(f"--from-database={live}", "--with-privileges").ok()
    assert databases.fetch(upgraded(project), ACLS.replace("c.relacl", "''")) == reference


def test_what_no_text_shows_is_seen_in_the_database(project):
    (project.versions / "bbbb_.py").unlink()
    hidden = b"GRANT SELECT ON a TO PUBLIC".hex()
    project.add("bbbb", "aaaa", up=f"op.execute(bytes.fromhex({hidden!r}).decode())")
    project.squash().failed("GRANT SELECT ON TABLE a TO PUBLIC", status=2)
