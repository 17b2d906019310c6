"""The pytest plugin under a real pytest: fixtures of migrated databases, and the four checks as tests."""

import json
import os
import subprocess
import sys
import time
import uuid

import pytest
import tomllib
from support import databases
from support.paths import ROOT
from support.projects import Project, run

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))'
INDEX = 'op.create_index("ix_users_name", "users", ["name"])'
ORDERS = USERS.replace("users", "orders")
CHECKS = "test_single_head_revision, test_upgrade, test_model_definitions_match_ddl, test_up_down_consistency"


class Suite:
    """A project whose tests use the plugin."""

    def __init__(self, folder, dialect, server, limbec):
        scheme = {"sqlite": "sqlite:///never.db", "postgresql": "postgresql+psycopg2://nobody@127.0.0.1:1/never"}
        self.project = Project(folder / "project", scheme[dialect])
        self.folder, self.server = self.project.folder, server
        self.add = self.project.add
        # Snapshots of another test of the same revisions are not this one's.
        env = self.folder / "migrations/env.py"
        env.write_text(f"# {uuid.uuid4()}\n{env.read_text()}")
        self.settings = {"limbec_binary": str(limbec)}
        # The package by itself: an installation from the checkout leaves an `.egg-info` beside it, by which pytest
        # would load the plugin a second time.
        (folder / "site").mkdir()
        (folder / "site/limbec").symlink_to(ROOT / "python/limbec")
        self.environment = {
            "PYTHONPATH": str(folder / "site"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "PYTEST_ADDOPTS": "",
            "CI": "",
            "LIMBEC_TEST_URL": "",
        }
        if dialect == "postgresql":
            self.settings["limbec_server"] = server
        self.options = ["-p", "limbec.pytest_plugin"]

    def history(self, undo='op.drop_index("ix_users_name", "users")'):
        self.add("aaaa", up=USERS, undo='op.drop_table("users")')
        self.add("bbbb", "aaaa", up=INDEX, undo=undo)

    def write(self, text, name="test_it.py"):
        (self.folder / name).write_text(text)
        lines = [f"{name} = {value}" for name, value in self.settings.items()]
        (self.folder / "pytest.ini").write_text("\n".join(["[pytest]", *lines, ""]))

    def command(self, *arguments):
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *self.options, *arguments]

    def pytest(self, *arguments):
        program, *others = self.command("-rA", *arguments)
        done = run(program, *others, cwd=self.folder, environment=self.environment)
        assert "INTERNALERROR" not in done.out + done.err
        return done

    def left_over(self):
        return made_on(self.server) if self.server else []


def made_on(server):
    rows = databases.fetch(server, "SELECT datname FROM pg_database WHERE datname LIKE 'limbec\\_test\\_%'")
    return [name for (name,) in rows]


@pytest.fixture(params=["sqlite", "postgresql"])
def suite(request, tmp_path, limbec_bin):
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    return Suite(tmp_path, request.param, server, limbec_bin)


@pytest.fixture
def on_sqlite(tmp_path, limbec_bin):
    return Suite(tmp_path, "sqlite", None, limbec_bin)


@pytest.fixture
def on_postgres(tmp_path, limbec_bin, postgres_server):
    return Suite(tmp_path, "postgresql", postgres_server, limbec_bin)


def outcomes(done):
    """Names and outcomes of the summary that `-rA` prints."""
    words = {"PASSED", "FAILED", "SKIPPED", "ERROR"}
    lines = [line.split() for line in done.out.splitlines() if line.split(" ")[0] in words]
    return {line[1].rpartition("::")[2]: line[0] for line in lines}


def test_every_test_has_a_migrated_database_of_its_own(suite):
    suite.history()
    suite.write(
        """
import pytest
import sqlalchemy as sa

URLS = set()

@pytest.mark.parametrize("number", range(3))
def test_fresh(limbec_engine, limbec_database, number):
    URLS.add(limbec_database)
    assert len(URLS) == number + 1
    assert [index["name"] for index in sa.inspect(limbec_engine).get_indexes("users")] == ["ix_users_name"]
    with limbec_engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO users VALUES (1, 'x')"))
        assert connection.execute(sa.text("SELECT count(*) FROM users")).scalar() == 1
        assert connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar() == "bbbb"

@pytest.mark.parametrize("number", range(2))
def test_shared(limbec_session_engine, limbec_session_database, number):
    with limbec_session_engine.begin() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM users")).scalar() == number
        connection.execute(sa.text(f"INSERT INTO users VALUES ({number}, 'x')"))
"""
    )
    assert "5 passed" in suite.pytest().ok().out
    assert suite.left_over() == []
    assert not (suite.folder / "never.db").exists()


def test_a_state_is_run_once_for_all_sessions(suite):
    """The second session gets a copy: a revision that has run is not needed any more."""
    count = suite.folder / "runs"
    suite.add("aaaa", up=f'{USERS}; open({str(count)!r}, "a").write("x")', undo='op.drop_table("users")')
    suite.write(
        "import pytest\n@pytest.mark.parametrize('n', range(3))\n"
        "def test_it(limbec_database, n):\n    assert limbec_database\n"
    )
    for _ in range(2):
        assert "3 passed" in suite.pytest().ok().out
    assert count.read_text() == "x"


def test_data_is_migrated_by_a_test(suite):
    suite.add("aaaa", up=USERS, undo='op.drop_table("users")')
    suite.add("bbbb", "aaaa", up='op.execute("UPDATE users SET name = upper(name)")')
    suite.add("cccc", "bbbb", up=ORDERS, undo='op.drop_table("orders")')
    suite.write(
        """
import sqlalchemy as sa

def run(url, sql):
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        result = connection.execute(sa.text(sql))
        return result.scalars().all() if result.returns_rows else None

def tables(url):
    return set(sa.inspect(sa.create_engine(url, poolclass=sa.pool.NullPool)).get_table_names())

def test_it(limbec_migrate_to):
    url = limbec_migrate_to("aaaa")
    run(url, "INSERT INTO users VALUES (1, 'x')")
    assert limbec_migrate_to("bbbb") == url
    assert run(url, "SELECT name FROM users") == ["X"]
    assert tables(limbec_migrate_to("head")) == {"users", "orders", "alembic_version"}
    assert tables(limbec_migrate_to("bbbb")) == {"users", "alembic_version"}
    assert run(url, "SELECT version_num FROM alembic_version") == ["bbbb"]
    assert tables(limbec_migrate_to("-1")) == {"users", "alembic_version"}
    assert tables(limbec_migrate_to("+2")) == {"users", "orders", "alembic_version"}
    assert tables(limbec_migrate_to("base")) == {"alembic_version"}

def test_the_same_database(limbec_database, limbec_migrate_to):
    assert limbec_migrate_to("aaaa") == limbec_database
    assert tables(limbec_database) == {"users", "alembic_version"}

def test_before_a_revision(limbec_migrate_to):
    assert tables(limbec_migrate_to("cccc-1")) == {"users", "alembic_version"}

def test_from_nothing(limbec_migrate_to):
    assert tables(limbec_migrate_to("base")) == set()
"""
    )
    assert "4 passed" in suite.pytest().ok().out
    assert suite.left_over() == []


def test_the_four_checks_pass_under_their_names(suite):
    suite.history()
    suite.write(f"from limbec.pytest import {CHECKS}\n")
    done = suite.pytest("-v").ok()
    assert outcomes(done) == {
        "test_single_head_revision": "PASSED",
        "test_upgrade": "PASSED",
        "test_up_down_consistency": "PASSED",
        "[1]": "SKIPPED",
    }
    assert "env.py gives Alembic no target_metadata" in done.out
    assert suite.left_over() == []


def test_the_right_check_fails_and_names_the_object(suite):
    suite.history(undo='op.execute("SELECT 1")')
    suite.write("def test_other():\n    pass\n")
    done = suite.pytest("--limbec-checks")
    assert done.status == 1
    found = outcomes(done)
    assert found.pop("test_up_down_consistency") == "FAILED"
    assert set(found.values()) == {"PASSED", "SKIPPED"} and {"test_other", "test_upgrade"} <= set(found)
    place = "bbbb (migrations/versions/bbbb_.py)"
    assert f"{place}: the downgrade leaves index `users.ix_users_name` behind\n" in done.out
    assert "Traceback" not in done.out and "def require" not in done.out


def test_several_heads_and_a_revision_that_cannot_run(on_sqlite):
    on_sqlite.add("aaaa")
    on_sqlite.add("bbbb", "aaaa")
    on_sqlite.add("cccc", "aaaa", up='op.execute("nonsense")')
    on_sqlite.write("def test_it(limbec_database):\n    pass\n")
    done = on_sqlite.pytest("--limbec-checks")
    found = outcomes(done)
    assert [found[name] for name in ("test_single_head_revision", "test_upgrade", "test_it")] == [
        "FAILED",
        "FAILED",
        "ERROR",
    ]
    assert "there are 2 heads: bbbb, cccc" in done.out
    assert "revision cccc cannot be run: " in done.out and "Traceback" not in done.out


def test_checks_are_chosen_by_keyword(on_sqlite):
    on_sqlite.history()
    on_sqlite.write("def test_other():\n    pass\n")
    done = on_sqlite.pytest("--limbec-checks", "-k", "single_head").ok()
    assert outcomes(done) == {"test_single_head_revision": "PASSED"}
    assert "test_single_head_revision" not in on_sqlite.pytest().ok().out


def test_failures_are_sentences(on_sqlite):
    on_sqlite.history()
    on_sqlite.write(
        "def test_unknown(limbec_migrate_to):\n    limbec_migrate_to('nosuch')\n"
        "def test_after_it(limbec_migrate_to):\n    assert limbec_migrate_to('aaaa')\n"
    )
    done = on_sqlite.pytest()
    assert outcomes(done) == {"test_unknown": "FAILED", "test_after_it": "PASSED"}
    assert "Can't locate revision identified by 'nosuch'" in done.out and "pytest_plugin.py" not in done.out

    done = on_sqlite.pytest("--limbec-binary", "/nonexistent/limbec")
    assert "/nonexistent/limbec cannot be run: No such file or directory" in done.out
    assert "Traceback" not in done.out and "testing.py" not in done.out

    on_sqlite.project.write_ini("mysql://somewhere/x")
    done = on_sqlite.pytest("--limbec-checks")
    assert set(outcomes(done).values()) == {"FAILED"}
    assert done.out.count("limbec makes databases of PostgreSQL and SQLite, not of mysql") >= 6
    assert "hint: say which kind of database to make" in done.out


def test_a_server_that_does_not_answer(on_postgres):
    on_postgres.history()
    on_postgres.settings["limbec_server"] = "postgresql://me:hunter2@127.0.0.1:1/x"
    on_postgres.write("def test_it(limbec_database):\n    pass\n")
    done = on_postgres.pytest()
    assert "cannot reach PostgreSQL" in done.out and "hunter2" not in done.out + done.err


def test_a_server_of_another_fixture(on_postgres):
    on_postgres.history()
    server = on_postgres.settings.pop("limbec_server")
    conftest = f"import pytest\n@pytest.fixture(scope='session')\ndef limbec_server():\n    return {server!r}\n"
    on_postgres.write(conftest, "conftest.py")
    on_postgres.write("def test_it(limbec_database):\n    assert '/limbec_test_' in limbec_database\n")
    found = outcomes(on_postgres.pytest("--limbec-checks").ok())
    assert found["test_it"] == found["test_upgrade"] == "PASSED"


def test_the_configuration_is_named_in_the_ini_file(on_sqlite):
    on_sqlite.history()
    (on_sqlite.folder / "alembic.ini").rename(on_sqlite.folder / "migrations.ini")
    on_sqlite.settings |= {"limbec_config": "migrations.ini", "limbec_options": "--dialect sqlite --no-cache"}
    on_sqlite.write("def test_it(limbec_database):\n    assert limbec_database.startswith('sqlite:///')\n")
    assert "1 passed" in on_sqlite.pytest().ok().out


def test_databases_go_with_a_pytest_that_is_killed(on_postgres):
    on_postgres.history()
    on_postgres.write(
        "import time\ndef test_it(limbec_database):\n    print(limbec_database, flush=True)\n    time.sleep(600)\n"
    )
    command = on_postgres.command("-s")
    environment = {**os.environ, **on_postgres.environment}
    with subprocess.Popen(
        command, cwd=on_postgres.folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        line = next(line for line in process.stdout if "limbec_test_" in line)
        name = line.rpartition("/")[2].strip()
        assert name in made_on(on_postgres.server)
        process.kill()
    deadline = time.monotonic() + 60
    while name in made_on(on_postgres.server) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert name not in made_on(on_postgres.server)


def test_nothing_is_imported_where_nothing_is_used(on_sqlite):
    on_sqlite.write(
        "import sys\ndef test_it():\n"
        "    assert not {'sqlalchemy', 'alembic', 'limbec.testing', 'limbec.pytest'} & set(sys.modules)\n"
    )
    assert "1 passed" in on_sqlite.pytest().ok().out


def test_pytest_finds_the_plugin_by_its_entry_point(on_sqlite, tmp_path):
    """With metadata as an installer writes it from pyproject.toml."""
    registered = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["pytest11"]
    metadata = tmp_path / "site" / "limbec-0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: limbec\nVersion: 0\n")
    lines = [f"{name} = {module}" for name, module in registered.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[pytest11]", *lines, ""]))
    on_sqlite.environment["PYTHONPATH"] += f"{os.pathsep}{metadata.parent}"
    on_sqlite.options = []
    on_sqlite.history()
    on_sqlite.write("def test_it(limbec_database):\n    assert limbec_database\n")
    assert "1 passed" in on_sqlite.pytest().ok().out


def test_requests_that_are_none_are_answered(on_sqlite, limbec_bin):
    on_sqlite.history()
    requests = ['{"make": "base"}', "nonsense", '{"drop": "postgres"}', '{"migrate": "postgres", "to": "head"}']
    command = [str(limbec_bin), "test", "--provide"]
    environment = {**os.environ, **on_sqlite.environment, "LIMBEC_PYTHON": sys.executable}
    done = subprocess.run(
        command, cwd=on_sqlite.folder, env=environment, input="\n".join(requests), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    made, none, dropped, unknown = map(json.loads, done.stdout.splitlines())
    assert set(made) == {"name", "url"} and made["url"].startswith("sqlite:////")
    assert none["error"] == "this is no request: nonsense"
    assert '{"make": REVISION}' in none["hints"][0]
    assert dropped == {"dropped": False}
    assert unknown["error"] == "there is no database 'postgres' here"
