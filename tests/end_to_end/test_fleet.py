"""`limbec tenant migrate` on many databases and schemas: waves, failures, dying workers, env.py that mixes them up."""

import html
import json
import os
import signal
import subprocess
import time

import pytest
from support.databases import execute, fetch, tables
from support.fleets import rounds, schema_fleet, sqlite_fleet

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
    assert "5 of 5 tenants migrated" in fleet.migrate("--all", "--wave", "1,rest").ok().out
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
    assert "4 of 5 tenants migrated, 1 failed" in done.out
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
    assert "2 of 5 tenants migrated, 1 at the target already, 1 inconsistent, 1 unreachable" in done.out
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
    assert "keeps the database" not in fleet.migrate("a", "b", "--jobs", "1").ok().err
    fleet.configure('variables = { APP_URL = "{url}" }\nisolation = "none"')
    done = fleet.migrate("--all", "--jobs", "1").ok()
    assert done.err.count("keeps the database of the first tenant") == 1
    assert [fleet.witnessed(name) for name in fleet.names] == [["r000", "r001"]] * 5


REMEMBERING = """import functools
import os

WHO = os.environ["APP_TENANT"]
SEEN = []


@functools.lru_cache
def tenant():
    SEEN.append(1)
    return os.environ["APP_TENANT"]
"""

TELLS = """import remembering, sqlalchemy
text = f"{remembering.tenant()} {remembering.WHO} {len(remembering.SEEN)} {getattr(sqlalchemy, 'patched', 'no')}"
remembering.SEEN.append(1)
sqlalchemy.patched = "yes"
op.execute("CREATE TABLE told (text text)")
op.execute(f"INSERT INTO told VALUES ('{text}')")"""


def test_nothing_that_python_remembers_reaches_another_tenant(fleet):
    folder = fleet.project.folder
    (folder / "remembering.py").write_text(REMEMBERING)
    ini = folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    fleet.project.add("r002", "r001", up=TELLS)
    fleet.configure('variables = { APP_TENANT = "{name}" }')
    fleet.migrate("--all", "--jobs", "2").ok()
    assert {name: fetch(fleet.urls[name], "SELECT text FROM told") for name in fleet.names} == {
        name: [(f"{name} {name} 1 no",)] for name in fleet.names
    }


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
    schemas.write_settings('isolation = "none"')
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
    ("send", "expected"),
    [
        (lambda pid: os.kill(pid, signal.SIGINT), 130),
        (lambda pid: os.killpg(pid, signal.SIGINT), 130),
        (lambda pid: os.kill(pid, signal.SIGTERM), 143),
        (lambda pid: (os.kill(pid, signal.SIGINT), time.sleep(0.1), os.kill(pid, signal.SIGINT)), 130),
        (lambda pid: (os.killpg(pid, signal.SIGINT), os.killpg(pid, signal.SIGINT)), 130),
    ],
    ids=["kill", "terminal", "SIGTERM", "twice", "terminal twice"],
)
def test_an_interrupt_ends_all_that_run_and_nothing_is_left(slow, send, expected):
    status, out, err = interrupted(slow, send)
    fleet, _ = slow
    assert status == expected, out + err
    assert "Traceback" not in err, err
    url = fleet.project.url
    held = "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    held += " WHERE locktype = 'advisory' AND datname = current_database()"
    waited = time.monotonic() + 20
    while fetch(url, held) != [(0,)] and time.monotonic() < waited:
        time.sleep(0.1)
    assert fetch(url, "SELECT tablename FROM pg_tables WHERE tablename = 'more'") == []
    assert [fleet.witnessed(name) for name in fleet.names] == [["r000", "r001"]] * 3


def test_the_report_as_json_and_as_files(fleet):
    fleet.migrate("a").ok()
    fail_for_c(fleet, "print('<b>halfway</b>'); raise RuntimeError('no & never')")
    arguments = ["--all", "--on-error", "continue", "--jobs", "1", "--format", "json"]
    done = fleet.migrate(*arguments, "--report", "report.html").failed(status=1)
    report = json.loads(done.out)
    assert (report["operation"], report["target"], report["outcome"]) == ("upgrade", "heads", "failed")
    totals = {name: count for name, count in report["totals"].items() if count}
    assert totals == {"tenants": 5, "done": 4, "failed": 1, "steps": 1 + 3 * 3 + 2}
    failed = report["tenants"][2]
    assert (failed["tenant"], failed["state"], failed["revision"], failed["steps"]) == ("c", "failed", "r002", 2)
    assert "no & never" in failed["reason"] and failed["output"][-1] == "<b>halfway</b>"
    assert report["tenants"][0] | {"seconds": 0} == {
        "tenant": "a", "state": "done", "steps": 1, "seconds": 0, "from": ["r001"], "to": ["r002"],
        "revision": None, "reason": None, "output": [],
    }  # fmt: skip
    page = (fleet.project.folder / "report.html").read_text()
    assert "<b>halfway" not in page and "<b>halfway</b>" in html.unescape(page) and "no &#38; never" in page
    assert "http" not in page.replace("http-equiv", "")
    fleet.migrate("--all", "--report", "report.json").failed(status=1)
    again = json.loads((fleet.project.folder / "report.json").read_text())
    assert {name: count for name, count in again["totals"].items() if count} == {
        "tenants": 5,
        "current": 4,
        "failed": 1,
    }


def test_a_report_that_cannot_be_written_is_said_before_anything_runs(fleet):
    fleet.migrate("--all", "--report", "report.txt").failed("has to end in .html or .json", status=2)
    fleet.migrate("--all", "--report", "nowhere/report.html").failed("cannot write", status=2)
    assert fleet.head("a") is None


def test_the_log_has_every_tenant(fleet):
    fail_for_c(fleet, "raise RuntimeError('no')")
    done = fleet.limbec("--log-format", "json", "tenant", "migrate", "--all").failed(status=1)
    events = [json.loads(line) for line in done.err.splitlines()]
    of = {name: [event["event"] for event in events if event.get("tenant") == name] for name in fleet.names}
    assert of["a"] == ["tenant_started", "step_started", "step_started", "step_started", "tenant_finished"]
    assert of["c"][-1] == "tenant_failed"


def test_a_run_that_failures_ended_is_resumed(fleet):
    fail_for_c(fleet, f"import os\n    assert os.path.exists({str(fleet.project.folder / 'mended')!r}), 'broken'")
    fleet.migrate("--all", "--jobs", "1", "--wave", "3,rest", "--on-error", "stop").failed("not begun: d, e", status=1)
    fleet.project.add("r003", "r002")
    (fleet.project.folder / "mended").touch()
    done = fleet.migrate("--resume").ok()
    assert "2 of 5 tenants are done" in done.err and "3 of 5 tenants migrated, 2 at the target already" in done.out
    # The head of the time at which the run began.
    assert fleet.heads() == {name: ["r002"] for name in fleet.names}
    assert "has come to its end" in fleet.migrate("--resume").ok().err


def test_what_cannot_be_resumed_is_said(fleet):
    fleet.migrate("--resume").failed("no run of this project", status=2)
    fleet.migrate("--resume", "--all").failed("knows tenants and target by itself", status=2)
    fail_for_c(fleet, "raise RuntimeError('no')")
    fleet.migrate("--all").failed(status=1)
    fleet.limbec("tenant", "downgrade", "--resume").failed("is a tenant upgrade", status=2)
    records = list((fleet.project.folder / "state").rglob("*.jsonl"))
    assert len(records) == 1 and "sqlite" not in records[0].read_text()


def test_a_run_is_not_continued_on_other_databases(fleet):
    real = {**fleet.urls, "c": "sqlite:////nowhere/at/all.db"}
    folder = fleet.project.folder
    for name in fleet.names:
        fleet.urls[name] = f"env:URL_{name.upper()}"
    fleet.configure()
    staging = {f"URL_{name.upper()}": url for name, url in real.items()}
    production = {variable: f"sqlite:///{folder}/{variable}.db" for variable in staging}
    fleet.migrate("--all", "--on-error", "continue", **staging).failed("tenant c", status=1)
    refused = fleet.migrate("--resume", **production).failed("tenant a lies elsewhere now", status=2)
    assert str(folder / "URL_A.db") not in refused.err and not (folder / "URL_A.db").exists()
    assert "4 of 5 tenants are done" in fleet.migrate("--resume", **staging).failed("tenant c", status=1).err
    record = next((folder / "state").rglob("*.jsonl")).read_text()
    assert "sqlite" not in record and "nowhere" not in record


def test_a_tenant_that_was_unreachable_belongs_to_the_run(fleet, tmp_path):
    fleet.urls["c"] = f"sqlite:///{tmp_path}/later/c.db"
    fleet.configure()
    fleet.migrate("--all", "--to", "+1").failed("tenant c", status=1)
    fleet.migrate("--resume").failed("4 of 5 tenants are done", "tenant c", status=1)
    (tmp_path / "later").mkdir()
    fleet.migrate("--resume").ok()
    assert fleet.heads() == {name: ["r000"] for name in fleet.names}
    assert "has come to its end" in fleet.migrate("--resume").ok().err


def test_a_small_run_hides_no_unfinished_one(fleet):
    fail_for_c(fleet, f"import os\n    assert os.path.exists({str(fleet.project.folder / 'mended')!r}), 'broken'")
    fleet.migrate("--all", "--jobs", "1", "--on-error", "stop").failed("not begun: d, e", status=1)
    fleet.migrate("d").ok()
    (fleet.project.folder / "mended").touch()
    assert "to r002: 3 of 5 tenants are done" in fleet.migrate("--resume").ok().err
    assert fleet.heads() == {name: ["r002"] for name in fleet.names}


def test_what_the_record_calls_done_is_looked_at_again(fleet):
    fail_for_c(fleet, f"import os\n    assert os.path.exists({str(fleet.project.folder / 'mended')!r}), 'broken'")
    fleet.migrate("--all", "--jobs", "1", "--on-error", "stop").failed("tenant c", status=1)
    execute(fleet.urls["a"], "UPDATE alembic_version SET version_num = 'r001'")
    (fleet.project.folder / "mended").touch()
    assert "tenant a was done, and has been changed since" in fleet.migrate("--resume").ok().err
    assert fleet.heads() == {name: ["r002"] for name in fleet.names}


def test_a_relative_target_is_not_run_twice_after_a_resume(fleet):
    fail_for_c(fleet, "raise RuntimeError('no')")
    fleet.project.add("r003", "r002")
    fleet.migrate("--all", "--to", "r001").ok()
    fleet.migrate("--all", "--to", "+1", "--on-error", "continue").failed("tenant c", status=1)
    fleet.migrate("--resume").failed("tenant c", status=1)
    assert fleet.heads() == {**{name: ["r002"] for name in fleet.names}, "c": ["r001"]}


def test_killed_at_random_every_tenant_ends_at_head_and_none_is_migrated_twice(
    tmp_path, limbec_bin, postgres_databases
):
    rounds(tmp_path, limbec_bin, postgres_databases, count=3, seed=7)


def test_a_downgrade_is_agreed_to_once_for_all(fleet):
    fleet.migrate("--all").ok()
    refused = fleet.limbec("tenant", "downgrade", "--all", "base").failed(
        "this downgrade to base is of 5 tenants, and destroys data in 5",
        "tenant a: r000 drops the table `witness`",
        status=1,
    )
    assert refused.err.count("drops the table `witness`: 2 rows") == 5
    assert fleet.heads() == {name: ["r001"] for name in fleet.names}
    fleet.limbec("tenant", "downgrade", "a", "b", "-1", "--yes").ok()
    assert [fleet.head(name) for name in "abc"] == [["r000"], ["r000"], ["r001"]]
    fleet.limbec("tenant", "downgrade", "--all", "base", "--yes").ok()
    assert all("witness" not in tables(fleet.urls[name]) for name in fleet.names)


def test_one_tenant_in_production_keeps_all_of_them(fleet):
    fleet.migrate("--all").ok()
    settings = fleet.project.folder / "limbec.toml"
    settings.write_text(f'production = ["*d.db"]\n{settings.read_text()}')
    fleet.limbec("tenant", "downgrade", "--all", "base", "--yes").failed("tenant d", "--allow-destructive", status=1)
    assert fleet.heads() == {name: ["r001"] for name in fleet.names}
    fleet.limbec("tenant", "downgrade", "--all", "base", "--yes", "--allow-destructive").ok()


def test_losses_are_measured_in_the_tenants_own_schema(schemas):
    schemas.migrate("--all").ok()
    schemas.limbec("tenant", "downgrade", "a", "base").failed("drops the table `witness`: 2 rows", status=1)
    schemas.limbec("tenant", "downgrade", "a", "base", "--yes").ok()
    assert fetch(schemas.project.url, "SELECT schemaname FROM pg_tables WHERE tablename = 'witness' ORDER BY 1") == [
        ("b",),
        ("c",),
    ]


def test_status_of_some(fleet):
    fleet.migrate("a", "b").ok()
    out = fleet.limbec("tenant", "status", "--only", "missing").ok().out
    assert [line.split()[0] for line in out.splitlines()[1:-1]] == ["c", "d", "e"]
    assert "2 of 5 current, 0 behind, 3 missing" in out


def test_status_of_many_is_by_revision(tmp_path, limbec_bin):
    fleet = sqlite_fleet(tmp_path, limbec_bin, [f"t{number:03}" for number in range(60)])
    fleet.add_witnessed(1)
    for name in fleet.names[:-1]:
        execute(
            fleet.urls[name],
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
            "INSERT INTO alembic_version VALUES ('r000')",
        )
    lines = fleet.limbec("tenant", "status").ok().out.splitlines()
    assert [line.split() for line in lines[1:2]] == [["r000", "current", "59"]]
    assert lines[-2].split()[:2] == ["t059", "missing"] and len(lines) < 10
    assert len(fleet.limbec("tenant", "status", "--verbose").ok().out.splitlines()) == 62


def test_a_selection_of_nobody_and_a_target_that_is_none_are_wrong_usage(fleet):
    for command in ("migrate", "status"):
        fleet.limbec("tenant", command, "--tag", "eux").failed("no tenant that is meant has the tag 'eux'", status=2)
    failed = fleet.migrate("--all", "--to", "nope").failed("Can't locate revision identified by 'nope'", status=2)
    assert failed.err.count("nope") == 1
    assert fleet.head("a") is None


def test_two_tenants_in_one_place_are_refused(fleet):
    fleet.urls["b"] = fleet.urls["a"]
    fleet.configure()
    for arguments in (["migrate", "--all"], ["status"]):
        fleet.limbec("tenant", *arguments).failed("the tenants 'a' and 'b' are one and the same", "{name}", status=2)


def test_what_another_run_did_meanwhile_is_not_counted(fleet, tmp_path):
    env = fleet.project.folder / "migrations" / "env.py"
    command = [str(fleet.binary), "tenant", "migrate", "b", "c"]
    other = f"""import os, subprocess
if not os.path.exists({str(tmp_path / "begun")!r}):
    open({str(tmp_path / "begun")!r}, "w").close()
    subprocess.run({command!r}, check=True, env=dict(os.environ, XDG_STATE_HOME={str(tmp_path / "other")!r}))
"""
    env.write_text(other + env.read_text())
    done = fleet.migrate("--all", "--jobs", "1").ok()
    assert "3 of 5 tenants migrated, 2 at the target already" in done.out
    assert [fleet.witnessed(name) for name in fleet.names] == [["r000", "r001"]] * 5
