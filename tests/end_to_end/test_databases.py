"""`db create` and `db drop`: databases, roles, and passwords that nobody sees."""

import json
import os
import sqlite3
import stat
import uuid

import psycopg2
import pytest
from support import databases
from support.projects import Project

AWKWARD = 'na"me; %s'


@pytest.fixture
def names(postgres_server):
    """Awkward names of a database and of two roles; all are gone after the test."""
    suffix = uuid.uuid4().hex[:8]
    made = [f"{AWKWARD} {suffix}", f'ro"le {suffix}', f"owner {suffix}"]
    yield made
    database, *roles = (quoted(name) for name in made)
    databases.run_on_server(postgres_server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    for role in roles:
        databases.run_on_server(postgres_server, f"DROP ROLE IF EXISTS {role}")


@pytest.fixture
def project(postgres_server, tmp_path):
    """A project whose database does not exist."""
    url = postgres_server.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0]
    return Project(tmp_path / "project", f"{url}/limbec_{uuid.uuid4().hex[:16]}")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def connect(server, database, role, password):
    parameters = psycopg2.extensions.parse_dsn(server)
    return psycopg2.connect(**{**parameters, "dbname": database, "user": role, "password": password})


def exists(server, database):
    connection = psycopg2.connect(server)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
            return cursor.fetchone() is not None
    finally:
        connection.close()


def test_the_projects_own_database(project, postgres_server, limbec_bin):
    database = project.url.rpartition("/")[2]
    assert project.run(limbec_bin, "db", "create").ok().out == f"Created the database {database}.\n"
    project.run(limbec_bin, "db", "create").failed("already", status=1)
    project.add("1111", up='op.execute("CREATE TABLE t AS SELECT generate_series(1, 50) AS id")')
    project.run(limbec_bin, "upgrade", "head").ok()
    refused = project.run(limbec_bin, "db", "drop").failed("`--yes`", "2 tables", status=1)
    looked = project.run(limbec_bin, "db", "drop", "--dry-run").ok().out
    assert looked.startswith(f"Would drop the database {database} (owner ") and "2 tables" in refused.err
    assert exists(postgres_server, database)
    assert project.run(limbec_bin, "db", "drop", "--yes").ok().out == f"Dropped the database {database}.\n"
    assert not exists(postgres_server, database)
    project.run(limbec_bin, "db", "drop", "--yes").failed("there is no database", status=1)


def test_a_role_owns_the_database_and_nobody_sees_its_password(names, project, postgres_server, tmp_path, limbec_bin):
    database, role, _ = names
    secret = tmp_path / "secret"
    words = ["db", "create", database, "--role", role, "--secret-file", str(secret), "--private", "--format", "json"]
    made = project.run(limbec_bin, "-v", *words).ok()
    password = secret.read_text().strip()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600 and len(password) == 32
    assert password not in made.out + made.err
    document = json.loads(made.out)
    assert (document["owner"], document["role"], document["secret_file"]) == (role, role, str(secret))
    log = os.path.join(os.environ["LIMBEC_TEST_POSTGRES_SOCKET"], "postgres.log")
    with open(log, errors="replace") as lines:
        assert password not in lines.read()
    with connect(postgres_server, database, role, password) as session, session.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id int)")
    session.close()
    again = project.run(limbec_bin, "db", "create", "x", "--role", role, "--secret-file", str(tmp_path / "other"))
    again.failed("there is a role", f"--owner {role}", status=1)
    assert not (tmp_path / "other").exists()
    project.run(limbec_bin, "db", "create", "x", "--role", "y").failed("--secret-file", status=2)
    taken = project.run(limbec_bin, "db", "create", "x", "--role", "y", "--secret-file", str(secret))
    taken.failed("cannot write the secret file", status=1)
    assert secret.read_text().strip() == password and not exists(postgres_server, "x")
    project.run(limbec_bin, "db", "drop", database, "--role", role, "--yes").ok()
    assert (role,) not in databases.fetch(as_sqlalchemy(postgres_server), "SELECT rolname FROM pg_roles")
    assert not exists(postgres_server, database)


def as_sqlalchemy(server):
    return server.replace("postgresql://", "postgresql+psycopg2://")


def test_an_owner_migrates_and_the_role_reads_and_writes(names, project, postgres_server, tmp_path, limbec_bin):
    database, role, owner = names
    databases.run_on_server(postgres_server, f"CREATE ROLE {quoted(owner)} LOGIN PASSWORD 'x'")
    secret = tmp_path / "secret"
    words = ["--owner", owner, "--role", role, "--secret-file", str(secret), "--private"]
    project.run(limbec_bin, "db", "create", database, *words).ok()
    with connect(postgres_server, database, owner, "x") as session, session.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id serial PRIMARY KEY, name text)")
    session.close()
    with connect(postgres_server, database, role, secret.read_text().strip()) as session, session.cursor() as cursor:
        cursor.execute("INSERT INTO t (name) VALUES ('a') RETURNING id")
        assert cursor.fetchone() == (1,)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("CREATE TABLE mine (id int)")
    session.close()
    stays = project.run(limbec_bin, "db", "drop", database, "--role", owner, "--yes")
    assert stays.status == 0 or "is dropped, the role" in stays.err


def test_sessions_keep_a_database(names, project, postgres_server, limbec_bin):
    database = names[0]
    project.run(limbec_bin, "db", "create", database).ok()
    parameters = psycopg2.extensions.parse_dsn(postgres_server)
    session = psycopg2.connect(**{**parameters, "dbname": database, "application_name": "a long report"})
    try:
        refused = project.run(limbec_bin, "db", "drop", database, "--yes")
        refused.failed("somebody is connected", "a long report", "--force", status=1)
        assert exists(postgres_server, database)
        project.run(limbec_bin, "db", "drop", database, "--yes", "--force").ok()
        assert not exists(postgres_server, database)
    finally:
        session.close()


def test_production_wants_to_hear_it(names, project, postgres_server, limbec_bin):
    database = names[0]
    (project.folder / "limbec.toml").write_text("production = true\n")
    project.run(limbec_bin, "db", "create", database).ok()
    for words, wanted in (([], "--yes --allow-destructive"), (["--yes"], "--allow-destructive")):
        refused = project.run(limbec_bin, "db", "drop", database, *words, LIMBEC_YES="1")
        refused.failed(f"`{wanted}`", "production", status=1)
    project.run(limbec_bin, "db", "drop", database, "--yes", "--allow-destructive").ok()
    assert not exists(postgres_server, database)


def test_the_way_in_is_never_dropped(names, project, postgres_server, limbec_bin):
    database = names[0]
    place = postgres_server.rpartition("/")[0]
    for name in ("postgres", "template1", "template0"):
        project.run(limbec_bin, "db", "drop", name, "--yes", "--force").failed("is not dropped", status=2)
    project.run(limbec_bin, "db", "create", database, "--server", postgres_server).ok()
    quoted_in_url = "".join(f"%{byte:02x}" for byte in database.encode())
    there = f"{place}/{quoted_in_url}"
    project.run(limbec_bin, "db", "drop", database, "--server", there, "--yes").failed("is not dropped", status=2)
    assert exists(postgres_server, database)
    project.run(limbec_bin, "db", "drop", database, "--yes", LIMBEC_SERVER_URL=postgres_server).ok()


def test_who_may_not_is_told_what_is_missing(names, project, postgres_server, tmp_path, limbec_bin):
    database, role, weak = names
    databases.run_on_server(postgres_server, f"CREATE ROLE {quoted(weak)} LOGIN PASSWORD 'x'")
    place = postgres_server.rpartition("@")[2]
    server = f"postgresql://{weak.replace(' ', '%20')}:x@{place}"
    create = ["db", "create", database, "--server", server]
    project.run(limbec_bin, *create).failed(f"`ALTER ROLE {quoted(weak)} CREATEDB;`", status=1)
    secret = tmp_path / "secret"
    refused = project.run(limbec_bin, *create, "--role", role, "--secret-file", str(secret))
    refused.failed(f"`ALTER ROLE {quoted(weak)} CREATEROLE;`", status=1)
    assert not secret.exists()
    # One right of two: what was made is taken back.
    databases.run_on_server(postgres_server, f"ALTER ROLE {quoted(weak)} CREATEROLE")
    refused = project.run(limbec_bin, *create, "--role", role, "--secret-file", str(secret))
    refused.failed("CREATEDB", status=1)
    assert not secret.exists()
    listed = databases.fetch(as_sqlalchemy(postgres_server), "SELECT rolname FROM pg_roles")
    assert (role,) not in listed
    databases.run_on_server(postgres_server, f"ALTER ROLE {quoted(weak)} CREATEDB")
    project.run(limbec_bin, *create, "--role", role, "--secret-file", str(secret)).ok()
    project.run(limbec_bin, "db", "drop", database, "--server", server, "--role", role, "--yes").ok()
    missing = project.run(limbec_bin, "db", "create", "x" * 64, "--server", server)
    missing.failed("longer than PostgreSQL's 63 bytes", status=1)


def test_an_sqlite_database_is_its_file(tmp_path, limbec_bin):
    path = tmp_path / "a b.db"
    project = Project(tmp_path / "project", f"sqlite:///{path}")
    assert project.run(limbec_bin, "db", "create").ok().out == f"Created the database {path}.\n"
    project.run(limbec_bin, "db", "create").failed("already", status=1)
    project.run(limbec_bin, "upgrade", "head").ok()
    project.run(limbec_bin, "db", "create", "name").failed("has no name", status=2)
    project.run(limbec_bin, "db", "create", "--private").failed("no roles", status=2)
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        url = f"sqlite:///{path}?timeout=0.1"
        project.run(limbec_bin, "--url", url, "db", "drop", "--yes").failed("locked", "--force", status=1)
        other.execute("ROLLBACK")
    other.close()
    project.run(limbec_bin, "db", "drop").failed("`--yes`", status=1)
    project.run(limbec_bin, "db", "drop", "--yes").ok()
    assert [entry.name for entry in tmp_path.iterdir()] == ["project"]
    (tmp_path / "a b.db").write_text("this is no database")
    project.run(limbec_bin, "db", "drop", "--yes").failed("not an SQLite database", status=1)
    project.run(limbec_bin, "db", "drop", "--yes", "--force").ok()
