"""The life of a tenant, as a database or schema of PostgreSQL or a file of SQLite: create, seed, register, drop."""

import json
import os
import sqlite3
import stat
import subprocess
import threading
import time
import uuid
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from support.databases import execute, fetch, run_on_server
from support.projects import Project, run

SEED_SQL = """
INSERT INTO thing (name) VALUES ('from sql: a; b');
INSERT INTO thing (name) SELECT 'again' || count(*) FROM thing;
"""
SEED_PY = """
from sqlalchemy import text


def seed(connection):
    connection.execute(text("INSERT INTO thing (name) VALUES (:name)"), {"name": "from python"})
"""
REGISTER = "INSERT INTO tenants (name, url, schema_name, tags) VALUES (:name, :url, :schema, :tags)"
UNREGISTER = "DELETE FROM tenants WHERE name = :name"


class Fleet:
    """A project with tenants that it does not have yet."""

    def __init__(self, folder, limbec, settings, common):
        self.folder, self.limbec, self.common = folder, limbec, common
        self.settings = settings
        project = Project(folder, "sqlite:///none.db")
        project.add("aaaa", up="op.create_table('thing', sa.Column('name', sa.Text))", undo="op.drop_table('thing')")
        project.add("bbbb", "aaaa", up="op.add_column('thing', sa.Column('more', sa.Text))")
        (folder / "seeds").mkdir()
        (folder / "seeds" / "10_first.sql").write_text(SEED_SQL)
        (folder / "seeds" / "20_second.py").write_text(SEED_PY)
        self.write(settings)

    def write(self, settings):
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        first = "search-path = true\n" if settings.get("mode") == "schema" else ""
        (self.folder / "limbec.toml").write_text(first + "[tenants]\n" + "\n".join(lines) + "\n")

    def run(self, *arguments, **environment):
        return run(self.limbec, "tenant", *arguments, cwd=self.folder, environment=environment)

    def registered(self):
        return fetch(self.common, "SELECT name, url, schema_name, tags FROM tenants ORDER BY name")

    def secret(self, name):
        return (self.folder / "secrets" / name).read_text().strip()


@pytest.fixture
def unique():
    return uuid.uuid4().hex[:10]


@pytest.fixture
def on_databases(tmp_path, limbec_bin, postgres_server, postgres_url, unique):
    """Tenants that are databases with roles; the common database is the test's own."""
    parts = urlsplit(postgres_server)
    common = postgres_url.replace("+psycopg2", "")
    execute(postgres_url, "CREATE TABLE tenants (name text PRIMARY KEY, url text, schema_name name, tags jsonb)")
    place = f"{parts.hostname}:{parts.port}"
    fleet = Fleet(
        tmp_path / "project",
        limbec_bin,
        {
            "url": f"postgresql://r{unique}_{{name}}@{place}/t{unique}_{{name}}",
            "password": "file:secrets/{name}",
            "secret-file": "secrets/{name}",
            "role": f"r{unique}_{{name}}",
            "admin-url": postgres_server,
            "common": common,
            "seed": "seeds",
            "register": REGISTER,
            "unregister": UNREGISTER,
        },
        postgres_url,
    )
    fleet.place, fleet.unique, fleet.server = place, unique, postgres_server
    fleet.url = lambda name: (
        f"postgresql+psycopg2://{quote(f'r{unique}_{name}', '')}:{quote(fleet.secret(name), '')}"
        f"@{place}/{quote(f't{unique}_{name}', '')}"
    )
    yield fleet
    for (name,) in fetch(postgres_url, f"SELECT datname FROM pg_database WHERE datname LIKE 't{unique}%'"):
        run_on_server(postgres_server, f'DROP DATABASE "{name.replace(chr(34), chr(34) * 2)}" WITH (FORCE)')
    for (name,) in fetch(postgres_url, f"SELECT rolname FROM pg_roles WHERE rolname LIKE 'r{unique}%'"):
        run_on_server(postgres_server, f'DROP ROLE "{name.replace(chr(34), chr(34) * 2)}"')


@pytest.fixture
def in_schemas(tmp_path, limbec_bin, postgres_server, postgres_databases, unique):
    """Tenants that are schemas of one database, each with a role; the same database is the common one."""
    shared = postgres_databases()
    common = shared.replace("+psycopg2", "")
    execute(shared, "CREATE TABLE tenants (name text PRIMARY KEY, url text, schema_name name, tags jsonb)")
    place = common.split("@")[1]
    fleet = Fleet(
        tmp_path / "schemas",
        limbec_bin,
        {
            "mode": "schema",
            "schema": "s_{name}",
            "url": f"postgresql://q{unique}_{{name}}@{place}",
            "password": "file:secrets/{name}",
            "secret-file": "secrets/{name}",
            "role": f"q{unique}_{{name}}",
            "admin-url": common,
            "common": common,
            "seed": "seeds",
            "register": REGISTER,
            "unregister": UNREGISTER,
        },
        shared,
    )
    fleet.unique, fleet.server = unique, postgres_server
    fleet.url = lambda name: (
        f"postgresql+psycopg2://{quote(f'q{unique}_{name}', '')}:{quote(fleet.secret(name), '')}@{place}"
        f"?options={quote(f'-csearch_path=s_{name}')}"
    )
    yield fleet
    for (name,) in fetch(shared, f"SELECT rolname FROM pg_roles WHERE rolname LIKE 'q{unique}%'"):
        quoted = f'"{name.replace(chr(34), chr(34) * 2)}"'
        execute(shared, f"DROP OWNED BY {quoted} CASCADE")
        run_on_server(postgres_server, f"DROP ROLE {quoted}")


@pytest.fixture
def in_files(tmp_path, limbec_bin):
    """Tenants that are SQLite files; so is the common database."""
    folder = tmp_path / "files"
    folder.mkdir()
    common = f"sqlite:///{folder}/common.db"
    execute(common, "CREATE TABLE tenants (name text PRIMARY KEY, url text, schema_name text, tags text)")
    fleet = Fleet(
        folder,
        limbec_bin,
        {
            "url": f"sqlite:///{folder}/tenants/{{name}}.db",
            "common": common,
            "seed": "seeds",
            "register": REGISTER,
            "unregister": UNREGISTER,
        },
        common,
    )
    fleet.url = lambda name: f"sqlite:///{folder}/tenants/{name}.db"
    return fleet


@pytest.fixture(params=["on_databases", "in_schemas", "in_files"])
def fleet(request):
    return request.getfixturevalue(request.param)


def things(fleet, name):
    return [row[0] for row in fetch(fleet.url(name), "SELECT name FROM thing ORDER BY name")]


SEEDED = ["again1", "from python", "from sql: a; b"]


def test_the_whole_life(fleet):
    done = fleet.run("bootstrap", "acme", "--tag", "eu", "--format", "json").ok()
    steps = json.loads(done.out)["tenants"][0]["steps"]
    assert [step["outcome"] for step in steps] == ["done"] * 4
    assert things(fleet, "acme") == SEEDED
    ((name, url, schema, tags),) = fleet.registered()
    assert name == "acme" and (json.loads(tags) if isinstance(tags, str) else tags) == ["eu"]
    assert ":***" not in url and schema == ("s_acme" if fleet.settings.get("mode") else None)
    # Once more: everything is recorded.
    again = fleet.run("bootstrap", "acme").ok()
    assert again.out.count("was done before") == 4
    created = json.loads(fleet.run("create", "acme", "--format", "json").ok().out)["tenants"][0]
    assert created["objects"] and not any(thing["was_absent"] for thing in created["objects"])
    assert fleet.run("seed", "acme").ok().out == "acme: 0 seeds run, 2 recorded before\n"
    # Another one beside it, and verify of both.
    fleet.run("bootstrap", "foo").ok()
    assert [row[0] for row in fleet.registered()] == ["acme", "foo"]
    fleet.write({**fleet.settings, "source": ["acme", "foo"]})
    verified = json.loads(fleet.run("verify", "--all", "--format", "json").ok().out)
    assert [(tenant["tenant"], tenant["heads"]) for tenant in verified["tenants"]] == [
        ("acme", ["bbbb"]),
        ("foo", ["bbbb"]),
    ]
    execute(fleet.url("foo"), "DROP TABLE thing")
    found = fleet.run("verify", "--all")
    assert found.status == 1 and "foo: " in found.out and "1 of 2 tenants" in found.out and "acme: " not in found.out
    # The end of the first; the second stays.
    refused = fleet.run("drop", "acme").failed("has to be agreed to", "--yes acme", status=1)
    assert "dropped" not in refused.out
    fleet.run("drop", "acme", "--yes", "foo").failed("--yes names another tenant", status=2)
    assert things(fleet, "acme") == SEEDED
    dropped = fleet.run("drop", "acme", "--yes", "acme", "--backup=backups", "--delete-secret").ok()
    assert dropped.out.count("dropped the") >= 1
    backup = next((fleet.folder / "backups").iterdir())
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600 and backup.stat().st_size > 1000
    assert [row[0] for row in fleet.registered()] == ["foo"]
    assert not (fleet.folder / "secrets" / "acme").exists()
    fleet.run("drop", "acme", "--yes", "acme").ok()
    # A new life under the old name begins from nothing.
    assert fleet.run("bootstrap", "acme").ok().out.count("is done") == 4
    assert things(fleet, "acme") == SEEDED


def test_one_tenants_role_sees_nothing_of_another(on_databases, in_schemas):
    for fleet in (on_databases, in_schemas):
        fleet.run("bootstrap", "acme", "foo").ok()
        acme, foo = fleet.url("acme"), fleet.url("foo")
        assert things(fleet, "foo") == SEEDED
        if fleet is on_databases:
            stranger = foo.replace(acme.split("@")[0], "").replace(foo.split("@")[0], acme.split("@")[0])
            with pytest.raises(Exception, match="permission denied for database"):
                fetch(stranger, "SELECT 1")
        else:
            with pytest.raises(Exception, match="permission denied for schema s_foo"):
                fetch(acme, "SELECT * FROM s_foo.thing")
            with pytest.raises(Exception, match="permission denied for schema s_foo"):
                fetch(acme, "SELECT * FROM s_foo.limbec_seed")
        for name in ("acme", "foo"):
            path = fleet.folder / "secrets" / name
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


HOSTILE = ["a'; DROP TABLE tenants; --", 'we"ird $1 \\x'.replace("\\", ""), "ünï cödé", "100%_{x}", "a:b@c?d=e&f#g"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(fleet, name):
    fleet.run("bootstrap", name).ok()
    assert [row[0] for row in fleet.registered()] == [name]
    assert fleet.run("status", name).status in (0, 2)
    fleet.run("drop", name, "--yes", name).ok()
    assert fleet.registered() == []


@pytest.mark.parametrize("name", ["", "..", "a/b", "-rf", "a\nb", "\u202ea", " a", "x" * 300])
def test_names_that_are_none(in_files, name):
    in_files.run("create", "--", name).failed("cannot be a tenant's name", status=2)
    assert not (in_files.folder / "tenants").exists()


@pytest.mark.parametrize("password", ["p@ss: w'ord\"\\$1%20", "{name}", "ünï"])
def test_a_password_that_is_there_already(on_databases, in_schemas, password):
    for fleet in (on_databases, in_schemas):
        (fleet.folder / "secrets").mkdir()
        (fleet.folder / "secrets" / "acme").write_text(password + "\n")
        done = fleet.run("bootstrap", "acme").ok()
        assert password not in done.out + done.err
        assert fleet.secret("acme") == password and things(fleet, "acme") == SEEDED


def test_what_belongs_to_others_is_not_taken(on_databases):
    fleet, unique = on_databases, on_databases.unique
    run_on_server(fleet.server, f"CREATE ROLE r{unique}_acme LOGIN PASSWORD 'x'")
    fleet.run("create", "acme").failed(f"the role r{unique}_acme is there already", "--new-password", status=1)
    assert not (fleet.folder / "secrets").exists()
    dropped = fleet.run("drop", "acme", "--yes", "acme").ok()
    assert "dropped the role" not in dropped.out
    fleet.run("create", "acme", "--new-password").ok()
    first = fleet.secret("acme")
    fetch(fleet.url("acme"), "SELECT 1")
    fleet.run("create", "acme", "--new-password").ok()
    assert fleet.secret("acme") != first
    fetch(fleet.url("acme"), "SELECT 1")
    run_on_server(fleet.server, f"CREATE DATABASE t{unique}_foo")
    fleet.run("create", "foo").failed("belongs to", status=1)
    fleet.run("drop", "foo", "--yes", "foo").failed("belongs to", status=1)
    fleet.write({**fleet.settings, "role": "limbec_{name}"})
    fleet.run("create", "trusted").failed("is the server's administrator", status=1)
    fleet.run("create", "trusted", "--new-password").failed("is the server's administrator", status=1)


def test_drop_with_sessions(fleet):
    fleet.run("bootstrap", "acme").ok()
    url = fleet.url("acme")
    if url.startswith("sqlite"):
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
    else:
        import psycopg2

        other = psycopg2.connect(url.replace("+psycopg2", ""))
    fleet.run("drop", "acme", "--yes", "acme").failed("in use", "--force", status=1)
    assert [row[0] for row in fleet.registered()] == ["acme"]
    if fleet.settings.get("mode") != "schema":
        fleet.run("drop", "acme", "--yes", "acme", "--force").ok()
    other.close()


def test_production_is_never_asked(in_files):
    in_files.run("bootstrap", "acme").ok()
    settings = in_files.folder / "limbec.toml"
    settings.write_text("production = true\n" + settings.read_text())
    in_files.run("drop", "acme").failed("the settings call this database production", status=1)
    in_files.run("drop", "acme", LIMBEC_YES="1").failed("has to be agreed to", status=1)
    in_files.run("drop", "acme", "--yes", "acme").ok()


def test_seeds_change_and_fail(fleet):
    fleet.run("bootstrap", "acme").ok()
    first = fleet.folder / "seeds" / "10_first.sql"
    first.write_text("INSERT INTO thing (name) VALUES ('changed');")
    changed = fleet.run("seed", "acme").ok()
    assert "has changed since" in changed.err and "--again 10_first.sql" in changed.err
    assert things(fleet, "acme") == SEEDED
    fleet.run("seed", "acme", "--again", "nothing.sql").failed("there is no seed nothing.sql", status=2)
    fleet.run("seed", "acme", "--again", "10_first.sql").ok()
    assert things(fleet, "acme") == ["again1", "changed", "from python", "from sql: a; b"]
    assert "0 seeds run, 2 recorded" in fleet.run("seed", "acme").ok().out
    broken = fleet.folder / "seeds" / "30_broken.sql"
    broken.write_text("INSERT INTO thing (name) VALUES ('half');\nINSERT INTO nowhere VALUES (1);")
    fleet.run("seed", "acme").failed("the seed 30_broken.sql failed", "nowhere", status=1)
    assert "half" not in things(fleet, "acme")
    broken.write_text("INSERT INTO thing (name) VALUES ('half'); COMMIT;")
    fleet.run("seed", "acme").failed("ends its transaction by itself", "`COMMIT`", "nothing of it was run", status=1)
    assert "half" not in things(fleet, "acme")
    broken.unlink()
    code = fleet.folder / "seeds" / "40_broken.py"
    code.write_text(SEED_PY + "    raise ValueError('no such luck')\n")
    failed = fleet.run("seed", "acme").failed("40_broken.py", "no such luck", status=1)
    assert "line 7" in failed.err
    assert things(fleet, "acme").count("from python") == 1
    code.write_text("x = 1\n")
    fleet.run("seed", "acme").failed("has no function seed(connection)", status=1)


def test_what_is_recorded_says_nothing_about_a_database_that_is_gone(fleet):
    fleet.run("bootstrap", "acme").ok()
    if fleet.common.startswith("sqlite"):
        for file in fleet.folder.rglob("*acme*.db"):
            file.unlink()
    elif fleet.settings.get("mode") == "schema":
        execute(fleet.common, "DROP SCHEMA s_acme CASCADE")
    else:
        run_on_server(fleet.server, f'DROP DATABASE "t{fleet.unique}_acme" WITH (FORCE)')
    failed = fleet.run("bootstrap", "acme").failed("is recorded as done", "it is not there", "--restart", status=1)
    assert "was done before" not in failed.out


INSERT = "connection.execute(text(\"INSERT INTO thing (name) VALUES ('half')\"))"


@pytest.mark.parametrize(
    "ending",
    ["connection.commit()", "connection.execute(text('COMMIT'))", "connection.exec_driver_sql('select 1; end -- x')"],
)
def test_what_a_seed_of_python_did_never_stays_without_a_record(fleet, ending):
    if fleet.common.startswith("sqlite") and ";" in ending:
        pytest.skip("sqlite3 takes one statement at a time")
    fleet.run("bootstrap", "acme").ok()
    code = fleet.folder / "seeds" / "40_ends.py"
    body = f"from sqlalchemy import text\ndef seed(connection):\n    {INSERT}\n    {ending}\n"
    for text in (body, body + "    raise ValueError('afterwards')\n"):
        code.write_text(text)
        fleet.run("seed", "acme").failed("40_ends.py failed", "ends its transaction by itself", status=1)
        assert things(fleet, "acme") == SEEDED
    code.write_text(body.replace(ending, "connection.rollback()"))
    fleet.run("seed", "acme").failed("40_ends.py failed", "rollback()", status=1)
    nested = f"    with connection.begin_nested() as part:\n        {INSERT}\n        part.rollback()\n"
    code.write_text(f"from sqlalchemy import text\ndef seed(connection):\n{nested}")
    assert "1 seed run" in fleet.run("seed", "acme").ok().out
    assert things(fleet, "acme") == SEEDED


def test_what_a_seed_prints_is_no_result(fleet):
    code = fleet.folder / "seeds" / "40_prints.py"
    code.write_text("def seed(connection):\n    print('a word')\n")
    done = fleet.run("bootstrap", "acme", "--format", "json").ok()
    assert json.loads(done.out)["tenants"][0]["tenant"] == "acme"
    assert "a word" in done.err
    again = fleet.run("seed", "acme", "--again", "40_prints.py", "--format", "json").ok()
    assert json.loads(again.out)["tenants"][0]["error"] is None


STEPS = ["create", "migrate", "seed", "register"]


def kill_after(fleet, step):
    """Starts a bootstrap whose next step cannot end, and kills it when `step` is recorded."""
    process = subprocess.Popen(
        [str(fleet.limbec), "tenant", "bootstrap", "acme"],
        cwd=fleet.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if step in recorded(fleet):
            break
        time.sleep(0.01)
    process.kill()
    process.wait()
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    return process


def recorded(fleet):
    place = "limbec_bootstrap" if fleet.common.startswith("sqlite") else "limbec.limbec_bootstrap"
    try:
        return [row[0] for row in fetch(fleet.common, f"SELECT step FROM {place} WHERE tenant = 'acme'")]
    except Exception:
        return []


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_bootstrap_goes_on(fleet, step):
    gate = fleet.folder / "gate"
    gate.touch()
    wait = f"import time, os\nwhile os.path.exists({str(gate)!r}): time.sleep(0.05)\n"
    if step == "create":
        env = fleet.folder / "migrations" / "env.py"
        env.write_text(wait + env.read_text())
    elif step == "migrate":
        (fleet.folder / "seeds" / "05_wait.py").write_text(wait + "def seed(connection): pass\n")
    elif step == "seed":
        if fleet.common.startswith("sqlite"):
            # The registration is over in no time: what is killed may have got there.
            pass
        else:
            fleet.write(
                {
                    **fleet.settings,
                    "register": "WITH w AS (SELECT pg_sleep(5)) "
                    + REGISTER.replace(
                        "VALUES (:name, :url, :schema, :tags)", "SELECT :name, :url, :schema, :tags FROM w"
                    ),
                }
            )
    kill_after(fleet, step)
    gate.unlink()
    before = recorded(fleet)
    assert step in before
    fleet.write(fleet.settings)
    for _ in range(100):
        done = fleet.run("bootstrap", "acme")
        # What is killed keeps its connection, and with it the lock, until the server notices.
        if "another run works on tenant acme" not in done.err:
            break
        time.sleep(0.1)
    done.ok()
    assert done.out.count("was done before") == len(before)
    assert things(fleet, "acme") == SEEDED
    assert [row[0] for row in fleet.registered()] == ["acme"]


def test_two_sessions_race(fleet):
    for round_ in range(6):
        name = f"race{round_}"
        results = []

        def bootstrap(name=name, results=results):
            results.append(fleet.run("bootstrap", name))

        threads = [threading.Thread(target=bootstrap) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(result.status for result in results)
        assert statuses in ([0, 0], [0, 1]), results
        loser = [result for result in results if result.status == 1]
        for result in loser:
            result.failed(f"another run works on tenant {name}: limbec", status=1)
        if not loser:
            assert any(result.out.count("was done before") == 4 for result in results), results
        assert things(fleet, name) == SEEDED
    assert len(fleet.registered()) == 6


def test_the_secret_is_nowhere(on_databases):
    fleet = on_databases
    run_on_server(fleet.server, "ALTER SYSTEM SET log_statement = 'all'")
    run_on_server(fleet.server, "SELECT pg_reload_conf()")
    (fleet.folder / "seeds" / "30_slow.py").write_text(
        "from sqlalchemy import text\ndef seed(connection):\n    connection.execute(text('SELECT pg_sleep(1)'))\n"
    )
    seen, ended = [], threading.Event()

    def watch():
        while not ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.append(path.read_bytes())
                except OSError:
                    pass
            rows = fetch(fleet.common, "SELECT query FROM pg_stat_activity WHERE query IS NOT NULL")
            seen.extend(row[0].encode() for row in rows)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        done = run(fleet.limbec, "-v", "tenant", "bootstrap", "acme", cwd=fleet.folder)
        logged = fleet.run("bootstrap", "acme", "--restart", LIMBEC_LOG_FORMAT="json")
        failed = fleet.run("seed", "acme", "--again", "10_first.sql", PGCONNECT_TIMEOUT="1")
        dropped = fleet.run("drop", "acme", "--yes", "acme", "--backup=backups")
    finally:
        ended.set()
        watcher.join()
        run_on_server(fleet.server, "ALTER SYSTEM RESET log_statement")
        run_on_server(fleet.server, "SELECT pg_reload_conf()")
    done.ok()
    dropped.ok()
    secret = fleet.secret("acme")
    assert len(secret) == 32 and len(seen) > 100
    assert not any(secret.encode() in text for text in seen)
    for result in (done, logged, failed, dropped):
        assert secret not in result.out + result.err
    # With -v everything that the server was told is in its log.
    log = server_log(fleet)
    assert f"r{fleet.unique}_acme" in log and secret not in log


def server_log(fleet):
    folder = fetch(fleet.common, "SHOW data_directory")[0][0]
    logs = [path for path in Path(folder).parent.rglob("*log*") if path.is_file()]
    return "\n".join(path.read_text(errors="replace") for path in logs)


def test_what_cannot_be_created(on_databases, in_files, tmp_path):
    fleet = on_databases
    fleet.write({**fleet.settings, "admin-url": "postgresql://u:s3cret@127.0.0.1:1/postgres"})
    away = fleet.run("create", "acme").failed("cannot reach PostgreSQL", status=1)
    assert "s3cret" not in away.out + away.err
    without = {key: value for key, value in fleet.settings.items() if key != "admin-url"}
    fleet.write(without)
    fleet.run("create", "acme").failed("nothing says as whom its role is made", "--admin-url", status=2)
    fleet.run("create", "acme", LIMBEC_ADMIN_URL=fleet.server).ok()
    fleet.run("create", "acme", "--admin-url", "env:ADMIN", ADMIN=fleet.server).ok()
    fleet.run("create", "acme", "--admin-url", "env:NOWHERE").failed("NOWHERE is not set", status=2)
    fleet.write({**fleet.settings, "secret-file": "/proc/nowhere/{name}", "password": "file:/proc/nowhere/{name}"})
    fleet.run("create", "foo").failed("cannot write /proc/nowhere/foo", status=1)
    assert fetch(fleet.common, f"SELECT 1 FROM pg_roles WHERE rolname = 'r{fleet.unique}_foo'") == []
    in_files.write({**in_files.settings, "url": "sqlite:////proc/nowhere/{name}.db"})
    in_files.run("create", "acme").failed("/proc/nowhere", status=1)
    in_files.write({**in_files.settings, "url": "mysql://h/{name}"})
    in_files.run("create", "acme").failed("limbec makes no databases of mysql", status=2)
    in_files.write({**in_files.settings, "register": "INSERT INTO tenants VALUES (:nam)"})
    in_files.run("bootstrap", "acme").failed("there is no parameter :nam", status=1)
    in_files.write({key: value for key, value in in_files.settings.items() if key != "common"})
    in_files.run("bootstrap", "bar").failed("`register` in [tenants] needs `common`", status=2)


def test_without_a_common_database(on_databases, in_schemas, in_files):
    for fleet in (on_databases, in_schemas, in_files):
        without = ("common", "register", "unregister")
        fleet.write({key: value for key, value in fleet.settings.items() if key not in without})
        assert fleet.run("bootstrap", "acme").ok().out.count("is done") == 3
        assert fleet.run("bootstrap", "acme").ok().out.count("was done before") == 3
        assert things(fleet, "acme") == SEEDED
        fleet.run("drop", "acme", "--yes", "acme").ok()
        assert fleet.run("bootstrap", "acme").ok().out.count("is done") == 3
