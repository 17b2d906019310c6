"""SQL revisions on many tenants: run by limbec without Python, with the outcome of plain Alembic on each."""

import json
import os
import re
import subprocess
import sys

import pytest
from support.absence import missing
from support.databases import dump, execute, fetch, in_order, tables, versions
from support.fleets import FleetProject
from support.projects import Project
from test_rendered import ENV
from test_sql_revisions import NO_PYTHON, write

UP = """-- limbec: variable owner
-- limbec: variable tenant
CREATE TABLE users (id integer PRIMARY KEY, name text, tenant text);
INSERT INTO ${schema}.users VALUES (1, ${owner:literal}, ${tenant:literal});
CREATE INDEX by_name ON users (name)
"""
OWNER = ("-x", "owner=O'Neil")
NAMES = ["a", "b", "c", "d"]


def as_alembics(fleet):
    """An env.py that limbec understands; the last tenant is never limbec's."""
    (fleet.project.folder / "migrations" / "env.py").write_text(ENV.format(configure="", head="", metadata="None"))
    return fleet


@pytest.fixture(params=["sqlite", "databases", "schemas"])
def fleet(request, tmp_path, limbec_bin):
    """Four empty tenants of each kind in turn."""
    if request.param == "schemas":
        url = request.getfixturevalue("postgres_url")
        fleet = FleetProject(Project(tmp_path / "project", url), limbec_bin, NAMES)
        execute(url, *[f"CREATE SCHEMA {name}" for name in NAMES])
        fleet.urls = {name: f"{url}?options=-csearch_path%3D{name}" for name in NAMES}
        listed = ", ".join(json.dumps(name) for name in NAMES)
        settings = f'history = true\nsearch-path = true\n[tenants]\nmode = "schema"\nsource = [{listed}]\n'
        (fleet.project.folder / "limbec.toml").write_text(settings)
        return as_alembics(fleet)
    fleet = FleetProject(Project(tmp_path / "project", "sqlite:///unused.db"), limbec_bin, NAMES)
    make = request.getfixturevalue("postgres_databases") if request.param == "databases" else None
    fleet.urls = {name: make() if make else f"sqlite:///{tmp_path}/{name}.db" for name in NAMES}
    fleet.configure()
    return as_alembics(fleet)


@pytest.fixture
def revision(fleet):
    return write(fleet.project, fleet.binary, "users", UP, "DROP TABLE users")


def alembic(fleet, name, *arguments):
    """Plain Alembic on one tenant."""
    folder, url = fleet.project.folder, fleet.urls[name].replace("%", "%%")
    ini = re.sub(r"(?m)^sqlalchemy\.url.*$", lambda _: f"sqlalchemy.url = {url}", (folder / "alembic.ini").read_text())
    (folder / "plain.ini").write_text(ini)
    schema = ["-x", f"schema={name}"] if "search_path" in url else []
    command = [sys.executable, "-m", "alembic", "-c", "plain.ini", "-x", f"tenant={name}", *schema, *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def content(fleet, name):
    """Catalogue and rows of a tenant, with its own name as `me`."""
    url = fleet.urls[name]
    if "search_path" in url:
        text = dump(url.partition("?")[0], "--schema-only", "--no-owner", f"--schema={name}")
        text = re.sub(rf"(?m)^--.*\n|\b{name}\.|SCHEMA {name}\b", "", text)
    elif url.startswith("postgresql"):
        text = dump(url, "--schema-only", "--no-owner", "--exclude-schema=limbec")
    else:
        own = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'limbec%' ORDER BY type, name"
        text = "\n".join(f"{kind} {name}: {in_order(sql)}" for kind, name, sql in fetch(url, own))
    rows = fetch(url, "SELECT id, name, tenant FROM users") if "users" in tables(url) else []
    return text, versions(url), [tuple("me" if value == name else value for value in row) for row in rows]


def test_the_outcome_is_alembics_and_no_python_is_looked_for(fleet, revision):
    done = fleet.limbec(*OWNER, "tenant", "migrate", "a", "b", "c", "-v", **NO_PYTHON).ok()
    assert "3 tenants by SQL revisions" in done.err
    alembic(fleet, "d", *OWNER, "upgrade", "head")
    assert content(fleet, "d")[2] == [(1, "O'Neil", "me")]
    assert content(fleet, "a") == content(fleet, "b") == content(fleet, "c") == content(fleet, "d")
    fleet.limbec("tenant", "downgrade", "a", "c", "base", "--yes", **NO_PYTHON).ok()
    alembic(fleet, "d", "downgrade", "base")
    assert content(fleet, "a") == content(fleet, "c") == content(fleet, "d")
    assert fleet.head("b") == [revision]


def test_each_step_is_in_the_history(fleet, revision):
    fleet.limbec(*OWNER, "tenant", "migrate", "--all", **NO_PYTHON).ok()
    # Tenants that are schemas share the history table.
    table = "limbec_history" if fleet.urls["a"].startswith("sqlite") else "limbec.limbec_history"
    rows = {url: fetch(url, f"SELECT revision, outcome FROM {table}") for url in fleet.urls.values()}
    shared = "search_path" in fleet.urls["a"]
    assert all(found == [(revision, "done")] * (4 if shared else 1) for found in rows.values())


def test_a_failure_names_tenant_file_and_line_and_is_resumed(fleet, revision):
    for name in ("b", "d"):
        execute(fleet.urls[name], "CREATE TABLE users (id integer)")
    arguments = (*OWNER, "tenant", "migrate", "--all", "--jobs", "1", "--on-error", "stop")
    done = fleet.limbec(*arguments, **NO_PYTHON).failed("tenant b", ".up.sql:3", "already exists", status=1)
    assert "1 of 4 tenants migrated, 1 failed, 2 not begun" in done.out
    fleet.limbec(*OWNER, "tenant", "migrate", "--resume", **NO_PYTHON).failed("tenant b", status=1)
    execute(fleet.urls["b"], "DROP TABLE users")
    execute(fleet.urls["d"], "DROP TABLE users")
    fleet.limbec(*OWNER, "tenant", "migrate", "--resume", **NO_PYTHON).ok()
    assert fleet.heads() == {name: [revision] for name in NAMES}


def test_what_runs_outside_of_a_transaction(fleet):
    lite = fleet.urls["a"].startswith("sqlite")
    work = "PRAGMA journal_mode = DELETE" if lite else "CREATE INDEX CONCURRENTLY by_id ON plain (id)"
    write(fleet.project, fleet.binary, "plain", "CREATE TABLE plain (id integer)", "DROP TABLE plain")
    last = write(fleet.project, fleet.binary, "outside", f"-- limbec: no-transaction\n{work};\n", "")
    fleet.limbec("tenant", "migrate", "--all", "--jobs", "2", **NO_PYTHON).ok()
    assert fleet.heads() == {name: [last] for name in NAMES}


def test_explain_tells(fleet, revision):
    done = fleet.limbec("tenant", "migrate", "--all", "--explain", **NO_PYTHON).ok()
    assert re.search(rf"{revision} +upgrade +SQL +4", done.out), done.out
    assert "4 tenants by SQL revisions alone, without Python" in done.out
    explained = json.loads(fleet.limbec("tenant", "migrate", "--all", "--explain=json", **NO_PYTHON).ok().out)
    assert [row["way"] for row in explained["revisions"]] == ["sql"]
    assert explained["tenants"]["sql"] == 4


def test_a_variable_that_is_missing_fails_before_anything_runs(fleet, revision):
    fleet.limbec("tenant", "migrate", "a", **NO_PYTHON).failed("tenant a", "owner", status=1)
    assert "users" not in tables(fleet.urls["a"])


def test_python_is_used_where_the_settings_or_the_plan_say_so(fleet, revision):
    path = fleet.project.folder / "limbec.toml"
    settings = path.read_text()
    path.write_text('sql-revisions = "python"\n' + settings)
    done = fleet.limbec(*OWNER, "tenant", "migrate", "a", "-v")
    path.write_text(settings)
    assert "by SQL revisions" not in done.ok().err
    fleet.project.add("py1", revision, up="op.execute('INSERT INTO users (id) VALUES (2)')")
    alembic(fleet, "d", *OWNER, "upgrade", "head")
    fleet.limbec(*OWNER, "tenant", "migrate", "a", "b", "c").ok()
    assert content(fleet, "a") == content(fleet, "b") == content(fleet, "c") == content(fleet, "d")


def test_schemas_without_a_search_path_are_pythons(tmp_path, limbec_bin, postgres_url):
    fleet = FleetProject(Project(tmp_path / "project", postgres_url), limbec_bin, ["a"])
    as_alembics(fleet)
    execute(postgres_url, "CREATE SCHEMA a")
    (fleet.project.folder / "limbec.toml").write_text('[tenants]\nmode = "schema"\nsource = ["a"]\n')
    write(fleet.project, limbec_bin, "users", "CREATE TABLE users (id integer)", "")
    explained = json.loads(fleet.limbec("tenant", "migrate", "--all", "--explain=json").ok().out)
    assert [row["way"] for row in explained["revisions"]] == ["python"]
    fleet.migrate("--all").failed("search_path", status=1)
    assert "users" not in tables(postgres_url)


def test_a_shared_run(fleet, revision, request):
    common = request.getfixturevalue("postgres_databases")()
    with open(fleet.project.folder / "limbec.toml", "a") as settings:
        settings.write(f"common = {json.dumps(common)}\n")
    done = fleet.limbec(*OWNER, "tenant", "migrate", "--all", "--start-run=spring", **NO_PYTHON).ok()
    assert "run spring is finished: 4 done, 0 failed" in done.err
    assert fleet.heads() == {name: [revision] for name in NAMES}


def test_explain_names_tenants_that_are_set_apart(tmp_path, limbec_bin):
    fleet = as_alembics(FleetProject(Project(tmp_path / "project", "sqlite:///unused.db"), limbec_bin, ["a", "b"]))
    fleet.urls = {"a": f"sqlite:///{tmp_path}/a.db", "b": "sqlite:////nowhere/at/all.db"}
    fleet.configure()
    write(fleet.project, limbec_bin, "users", "CREATE TABLE users (id integer)", "")
    done = fleet.limbec("tenant", "migrate", "--all", "--explain=json", **NO_PYTHON).ok()
    assert [(row["tenant"], row["state"]) for row in json.loads(done.out)["tenants"]["apart"]] == [("b", "unreachable")]
    assert "warning: tenant b: " in done.err


def test_outside_of_a_transaction_a_pooler_would_mix_the_tenants(tmp_path, limbec_bin, postgres_url):
    pooler = os.environ.get("LIMBEC_TEST_PGBOUNCER")
    if not pooler:
        missing("LIMBEC_TEST_PGBOUNCER is not set (see scripts/with-servers)", "LIMBEC_REQUIRE_POSTGRES")
    base = pooler.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0]
    url = f"{base}/{postgres_url.rpartition('/')[2]}"
    fleet = as_alembics(FleetProject(Project(tmp_path / "project", url), limbec_bin, NAMES))
    execute(postgres_url, *[f"CREATE SCHEMA {name}" for name in NAMES])
    settings = f'search-path = true\n[tenants]\nmode = "schema"\nsource = {json.dumps(NAMES)}\n'
    (fleet.project.folder / "limbec.toml").write_text(settings)
    write(fleet.project, limbec_bin, "plain", "CREATE TABLE plain (name text)", "DROP TABLE plain")
    fleet.migrate("--all", "--jobs", "4", **NO_PYTHON).ok()
    insert = "INSERT INTO plain VALUES (${schema:literal});\n"
    write(fleet.project, limbec_bin, "outside", f"-- limbec: no-transaction\n{insert * 4}", "")
    fleet.migrate("--all", "--jobs", "4", **NO_PYTHON).failed("would not find the schema a", status=1)
    assert [fetch(postgres_url, f"SELECT name FROM {name}.plain") for name in NAMES] == [[]] * 4


def test_a_fixed_search_path_is_refused(tmp_path, limbec_bin, postgres_url):
    fleet = as_alembics(FleetProject(Project(tmp_path / "project", postgres_url), limbec_bin, ["a"]))
    execute(postgres_url, "CREATE SCHEMA a", "CREATE SCHEMA app")
    settings = 'search-path = ["app"]\n[tenants]\nmode = "schema"\nsource = ["a"]\n'
    (fleet.project.folder / "limbec.toml").write_text(settings)
    write(fleet.project, limbec_bin, "users", "CREATE TABLE users (id integer)", "")
    fleet.migrate("--all").failed("`search-path` begins with app", status=2)
    assert tables(postgres_url) == []


def test_a_database_that_reads_sql_otherwise_is_pythons(tmp_path, limbec_bin, postgres_databases):
    fleet = as_alembics(FleetProject(Project(tmp_path / "project", "sqlite:///unused.db"), limbec_bin, ["a", "b"]))
    fleet.urls = {name: postgres_databases() for name in ["a", "b"]}
    database = fleet.urls["b"].rpartition("/")[2]
    execute(fleet.urls["b"], f"ALTER DATABASE \"{database}\" SET datestyle = 'SQL, DMY'")
    fleet.configure()
    last = write(fleet.project, limbec_bin, "days", "CREATE TABLE days AS SELECT DATE '2020-01-02'::text AS day", "")
    done = fleet.migrate("--all", "-v").ok()
    assert "1 tenants by SQL revisions" in done.err
    assert fleet.heads() == {"a": [last], "b": [last]}
    assert [fetch(url, "SELECT day FROM days") for url in fleet.urls.values()] == [[("2020-01-02",)]] * 2


def test_a_url_that_env_py_changes_is_pythons(tmp_path, limbec_bin, postgres_databases):
    fleet = FleetProject(Project(tmp_path / "project", "sqlite:///unused.db"), limbec_bin, ["a"])
    changed = """context.config.set_main_option(
    "sqlalchemy.url", context.config.get_main_option("sqlalchemy.url") + "?options=-csearch_path%%3Dapp"
)
"""
    (fleet.project.folder / "migrations" / "env.py").write_text(ENV.format(configure="", head=changed, metadata="None"))
    fleet.urls = {"a": postgres_databases()}
    execute(fleet.urls["a"], "CREATE SCHEMA app")
    fleet.configure()
    write(fleet.project, limbec_bin, "users", "CREATE TABLE users (id integer)", "")
    done = fleet.migrate("--all", "-v").ok()
    assert "by SQL revisions" not in done.err
    found = fetch(fleet.urls["a"], "SELECT schemaname FROM pg_tables WHERE tablename IN ('users', 'alembic_version')")
    assert found == [("app",), ("app",)]


def test_a_step_is_known_to_be_undone_by_a_kill(tmp_path, limbec_bin):
    fleet = as_alembics(FleetProject(Project(tmp_path / "project", "sqlite:///unused.db"), limbec_bin, ["a"]))
    fleet.urls = {"a": f"sqlite:///{tmp_path}/a.db"}
    fleet.configure()
    write(fleet.project, limbec_bin, "users", "CREATE TABLE users (id integer)", "")
    fleet.migrate("--all", **NO_PYTHON).ok()
    assert fetch(fleet.urls["a"], "SELECT transactional FROM limbec_history") == [(1,)]
