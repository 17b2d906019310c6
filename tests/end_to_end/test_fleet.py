"""`limbec tenant migrate` on many databases and schemas: waves, failures, dying workers, env.py that mixes them up."""

import os
import signal
import subprocess
import time

import pytest
from support.databases import execute, fetch, tables
from support.fleets import schema_fleet, sqlite_fleet

FAILS_FOR_C = "if op.get_bind().engine.url.database.endswith('c.db'):\n    {}"


@pytest.fixture
def fleet(tmp_path, limbec_bin):
    """Five SQLite tenants that have nothing yet, and two revisions."""
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a", "b", "c", "d", "e"])
    fleet.add_witnessed(2)
    return fleet


@pytest.fixture
def schemas(tmp_path, limbec_bin, postgres_url):
    fleet = schema_fleet(tmp_path, limbec_bin, ["a", "b", "c"], postgres_url)
    fleet.write_settings(f'url = "{postgres_url}"')
    fleet.add_witnessed(2)
    return fleet


def fail_for_c(fleet, how):
    """A third revision that fails for one of the tenants."""
    fleet.project.add("r002", "r001", up=FAILS_FOR_C.format(how))


def test_all_are_migrated_and_nothing_is_done_twice(fleet):
    assert "5 of 5 tenants migrated" in fleet.migrate("--all", "--wave", "1,rest").ok().err
    assert fleet.heads() == {name: ["r001"] for name in fleet.names}
    fleet.migrate("--all").ok()
    assert [fleet.witnessed(name) for name in fleet.names] == [["r000", "r001"]] * 5


@pytest.mark.parametrize(
    "how",
    [
        "raise RuntimeError('no')",
        "import os; os._exit(7)",
        "import os; os.kill(os.getpid(), 11)",
        "import os; os.kill(os.getpid(), 9)",
    ],
    ids=["exception", "exit", "segfault", "killed"],
)
def test_whatever_a_worker_dies_of_is_the_business_of_one_tenant(fleet, how):
    fleet.migrate("--all").ok()
    fail_for_c(fleet, how)
    done = fleet.migrate("--all", "--jobs", "1").failed("tenant c", status=1)
    assert "4 of 5 tenants" in done.err
    assert fleet.heads() == {**{name: ["r002"] for name in fleet.names}, "c": ["r001"]}
    assert "c.db" not in done.out


def test_a_wave_that_fails_is_the_last_one(fleet):
    fail_for_c(fleet, "raise RuntimeError('no')")
    fleet.migrate("c", "d", "--wave", "1,rest").failed("tenant c", status=1)
    assert fleet.head("d") is None
    fleet.migrate("c", "d", "--wave", "1,rest", "--on-error", "continue").failed("tenant c", status=1)
    assert fleet.head("d") == ["r002"]


def test_settings_say_waves_and_errors(fleet):
    fail_for_c(fleet, "raise RuntimeError('no')")
    fleet.configure('wave = "3,rest"\non-error = "stop"\njobs = 1')
    fleet.migrate("--all").failed("tenant c", status=1)
    assert [fleet.head(name) for name in "abde"] == [["r002"], ["r002"], None, None]
    fleet.configure('wave = "rest,1"')
    fleet.migrate("--all").failed("[tenants]: `wave`", "nothing comes after 'rest'", status=2)


def test_tenants_that_cannot_be_migrated_are_set_apart(fleet):
    fleet.migrate("a", "b").ok()
    execute(fleet.urls["b"], "UPDATE alembic_version SET version_num = 'gone'")
    fleet.urls["d"] = "sqlite:////nowhere/at/all.db"
    fleet.configure()
    done = fleet.migrate("--all").failed("tenant b", "gone", "tenant d", status=1)
    assert "2 of" in done.err
    assert fleet.head("e") == ["r001"]


CACHING_ENV = """from alembic import context
from sqlalchemy import create_engine, pool

import appsettings

with create_engine(appsettings.URL, poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_an_application_that_keeps_its_url_is_started_afresh(fleet):
    folder = fleet.project.folder
    (folder / "appsettings.py").write_text("import os\nURL = os.environ['APP_URL']\n")
    (folder / "migrations" / "env.py").write_text(CACHING_ENV)
    ini = folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    fleet.configure('variables = { APP_URL = "{url}" }')
    done = fleet.migrate("--all", "--jobs", "1").ok()
    assert done.err.count("keeps the database of the first tenant") == 1
    assert [fleet.witnessed(name) for name in fleet.names] == [["r000", "r001"]] * 5


def test_an_env_py_that_never_takes_the_url_fails_and_changes_nothing(fleet):
    env = fleet.project.folder / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace(
            'context.config.get_main_option("sqlalchemy.url")', f'"sqlite:///{fleet.project.folder}/x.db"'
        )
    )
    fleet.migrate("a", "b", "--on-error", "continue").failed(
        "tenant a: env.py connects to", "tenant b: env.py connects to", status=1
    )
    assert not (fleet.project.folder / "x.db").exists() or tables(f"sqlite:///{fleet.project.folder}/x.db") == []


def test_another_version_table_than_the_tenants_is_refused(fleet):
    env = fleet.project.folder / "migrations" / "env.py"
    text = env.read_text().replace("import os", "import os\nNAME = ''.join(['oth', 'er'])", 1)
    env.write_text(
        text.replace(
            "context.configure(connection=connection", "context.configure(connection=connection, version_table=NAME"
        )
    )
    fleet.migrate("a").failed("env.py uses the version table other and not alembic_version", status=1)
    assert not {"other", "alembic_version", "witness"} & set(tables(fleet.urls["a"]))


def test_an_env_py_that_runs_nothing_is_no_success(fleet):
    env = fleet.project.folder / "migrations" / "env.py"
    env.write_text("print('hello')\n")
    fleet.migrate("a").failed("env.py ran no migrations for tenant a", status=1)


def test_where_env_py_hides_the_database_it_is_asked_for(tmp_path, limbec_bin, postgres_url):
    fleet = schema_fleet(tmp_path, limbec_bin, ["a"], postgres_url)
    fleet.limbec("tenant", "status").failed("cannot be known without running env.py", "limbec adopt", status=2)
    fleet.limbec("-x", "tenant=a", "adopt", "--yes").ok()
    fleet.limbec("tenant", "status").ok()


def test_alembics_recipe_for_schemas_works(schemas):
    schemas.migrate("--all", "--jobs", "2").ok()
    assert [schemas.witnessed(name) for name in schemas.names] == [["r000", "r001"]] * 3
    assert fetch(schemas.project.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []
    assert "3 of 3 current" in schemas.limbec("tenant", "status").ok().out


def test_an_env_py_that_forgets_the_schema_makes_no_table_elsewhere(schemas):
    env = schemas.project.folder / "migrations" / "env.py"
    env.write_text(env.read_text().replace("connection.execute(text('set search_path", "str(text('set search_path"))
    schemas.migrate("--all").failed("leaves the search_path", status=1)
    assert (
        fetch(schemas.project.url, "SELECT tablename FROM pg_tables WHERE tablename IN ('witness', 'alembic_version')")
        == []
    )


def test_a_schema_that_is_kept_from_the_tenant_before_is_found_out(schemas):
    folder = schemas.project.folder
    env = folder / "migrations" / "env.py"
    (folder / "tenancy.py").write_text(
        "from alembic import context\nTENANT = context.get_x_argument(as_dictionary=True)['tenant']\n"
    )
    text = env.read_text().replace('context.get_x_argument(as_dictionary=True).get("tenant")', "tenancy.TENANT")
    env.write_text("import tenancy\n" + text)
    ini = folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    done = schemas.migrate("--all", "--jobs", "1").ok()
    assert done.err.count("keeps the database of the first tenant") == 1
    assert [schemas.witnessed(name) for name in schemas.names] == [["r000", "r001"]] * 3


SLOW = "import time, pathlib\npathlib.Path({sign!r}).touch()\ntime.sleep(60)"


@pytest.fixture
def slow(schemas, tmp_path):
    """A third revision that does not come to its end, and the file that says that it runs."""
    schemas.migrate("--all").ok()
    sign = tmp_path / "sign"
    up = f"op.create_table('more', sa.Column('id', sa.Integer))\n{SLOW.format(sign=str(sign))}"
    schemas.project.add("r002", "r001", up=up)
    return schemas, sign


def interrupted(slow, send):
    """What a run leaves that is sent signals while two of its three tenants run."""
    fleet, sign = slow
    command = [str(fleet.binary), "tenant", "migrate", "--all", "--jobs", "2"]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "XDG_STATE_HOME": str(fleet.project.folder / "state")}
    with subprocess.Popen(
        command, cwd=fleet.project.folder, text=True, start_new_session=True, env=environment, **pipes
    ) as process:
        while not sign.exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.01)
        time.sleep(0.5)
        send(process.pid)
        out, err = process.communicate(timeout=30)
    return process.returncode, out, err


@pytest.mark.parametrize(
    "send",
    [
        lambda pid: os.kill(pid, signal.SIGINT),
        lambda pid: os.killpg(pid, signal.SIGINT),
        lambda pid: os.kill(pid, signal.SIGTERM),
        lambda pid: (os.kill(pid, signal.SIGINT), time.sleep(0.1), os.kill(pid, signal.SIGINT)),
        lambda pid: (os.killpg(pid, signal.SIGINT), os.killpg(pid, signal.SIGINT)),
    ],
    ids=["kill", "terminal", "SIGTERM", "twice", "terminal twice"],
)
def test_an_interrupt_ends_all_that_run_and_nothing_is_left(slow, send):
    status, out, err = interrupted(slow, send)
    fleet, _ = slow
    assert status == 130, out + err
    assert "Traceback" not in err, err
    url = fleet.project.url
    held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    held += " WHERE locktype = 'advisory' AND datname = current_database()"
    waited = time.monotonic() + 20
    while fetch(url, held) != [(0,)] and time.monotonic() < waited:
        time.sleep(0.1)
    assert fetch(url, "SELECT tablename FROM pg_tables WHERE tablename = 'more'") == []
    assert [fleet.witnessed(name) for name in fleet.names] == [["r000", "r001"]] * 3
