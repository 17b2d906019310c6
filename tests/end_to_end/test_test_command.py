"""`limbec test`: every step up, down and up again on databases of its own, which are gone afterwards."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from support import databases
from support.projects import Project

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))'
INDEX = 'op.create_index("ix_users_name", "users", ["name"])'
MODELS_ENV = """import sqlalchemy as sa
from alembic import context

metadata = sa.MetaData()
sa.Table("users", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)){extra})

with sa.create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=sa.pool.NullPool).connect() as conn:
    context.configure(connection=conn, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


class Trial:
    """A project and the databases that its tests may use."""

    def __init__(self, folder, dialect, server, limbec):
        scheme = {"sqlite": "sqlite:///never.db", "postgresql": "postgresql+psycopg2://nobody@127.0.0.1:1/never"}
        self.project = Project(folder / "project", scheme[dialect])
        self.dialect, self.server, self.limbec = dialect, server, limbec
        self.project.environment = {
            "XDG_CACHE_HOME": str(folder / "cache"),
            "VIRTUAL_ENV": str(Path(sys.executable).parent.parent),
            "CI": "",
        }
        # Snapshots of another test of the same revisions are not this one's.
        self.write_env((self.project.folder / "migrations/env.py").read_text())
        self.add = self.project.add

    def write_env(self, text):
        (self.project.folder / "migrations/env.py").write_text(f"# {uuid.uuid4()}\n{text}")

    @property
    def options(self):
        return ["--server", self.server] if self.dialect == "postgresql" else []

    def run(self, *arguments):
        return self.project.run(self.limbec, "test", *self.options, *arguments)

    def report(self, *arguments):
        done = self.run("--format", "json", *arguments)
        assert done.status in (0, 1), done.err
        document = json.loads(done.out)
        assert done.status == (1 if document["summary"]["failed"] else 0)
        return document

    def left_over(self):
        return made_on(self.server) if self.dialect == "postgresql" else []


def made_on(server):
    rows = databases.fetch(server, "SELECT datname FROM pg_database WHERE datname LIKE 'limbec\\_test\\_%'")
    return [name for (name,) in rows]


def checks(document, name="up-down-up"):
    return {check["revision"]: check for check in document["checks"] if check["check"] == name}


@pytest.fixture(params=["sqlite", "postgresql"])
def tested(request, tmp_path, limbec_bin):
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    return Trial(tmp_path, request.param, server, limbec_bin)


@pytest.fixture
def on_postgres(tmp_path, limbec_bin, postgres_server):
    return Trial(tmp_path, "postgresql", postgres_server, limbec_bin)


def test_a_sound_history_passes_and_leaves_nothing(tested):
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("bbbb", "aaaa", up=INDEX, undo='op.drop_index("ix_users_name", "users")')
    document = tested.report()
    assert {check["outcome"] for check in document["checks"]} == {"passed", "skipped"}
    assert checks(document, "models")[None]["reason"] == "env.py gives Alembic no target_metadata"
    assert document["summary"]["steps"] == 2 + 2 * 3
    assert tested.left_over() == []
    assert not (tested.project.folder / "never.db").exists()


def test_what_a_downgrade_forgets_is_named(tested):
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("bbbb", "aaaa", up=f"{INDEX}; {USERS.replace('users', 'people')}", undo='op.drop_table("people")')
    tested.add("cccc", "bbbb", up=USERS.replace("users", "orders"), undo='op.drop_table("orders")')
    found = checks(tested.report())
    assert found["bbbb"]["outcome"] == "failed"
    assert found["bbbb"]["findings"][0] == "the downgrade leaves index `users.ix_users_name` behind"
    assert found["bbbb"]["findings"][1].startswith("the upgrade after the downgrade fails: ")
    assert [found[revision]["outcome"] for revision in ("aaaa", "cccc")] == ["passed", "passed"]
    assert tested.left_over() == []


def test_what_a_downgrade_takes_away_and_changes_is_named(tested):
    tested.add("aaaa", up=f"{USERS}; {INDEX}", undo='op.drop_table("users")')
    add, drop = 'op.add_column("users", sa.Column("age", sa.Integer))', 'op.drop_column("users", "age")'
    tested.add("bbbb", "aaaa", up=add, undo=f'{drop}; op.drop_index("ix_users_name", "users")')
    found = checks(tested.report())["bbbb"]["findings"]
    assert found[0] == "the downgrade takes index `users.ix_users_name` away, which was there before"
    assert "upgrading again does not make index `users.ix_users_name`" in found


def test_an_enum_type_that_is_left_behind(on_postgres):
    column = 'sa.Column("kind", sa.Enum("a", "b", name="kind"))'
    on_postgres.add("aaaa", up=f'op.create_table("t", {column})', undo='op.drop_table("t")')
    on_postgres.add("bbbb", "aaaa")
    found = checks(on_postgres.report())
    assert found["aaaa"]["findings"][0] == "the downgrade leaves enum type `kind` behind"
    assert found["bbbb"]["outcome"] == "passed"


def test_an_enum_type_is_made_again_though_alembic_remembers_it(on_postgres):
    column = 'sa.Column("kind", sa.Enum("a", "b", name="kind"))'
    undo = 'op.drop_table("t"); op.execute("DROP TYPE kind")'
    on_postgres.add("aaaa", up=f'op.create_table("t", {column})', undo=undo)
    on_postgres.add("bbbb", "aaaa", up=f'op.create_table("u", {column})', undo='op.drop_table("u")')
    document = on_postgres.report()
    assert checks(document, "upgrade")[None]["outcome"] == "passed"
    found = checks(document)
    assert found["aaaa"]["outcome"] == "passed"
    alone = "the upgrade passes in one run with those before it; in a run of its own it fails: "
    assert found["bbbb"]["findings"][0].startswith(alone)
    assert 'type "kind" already exists' in found["bbbb"]["findings"][0]


def test_jobs_find_the_same(tested):
    for number in range(7):
        table, undo = USERS.replace("users", f"t{number}"), f'op.drop_table("t{number}")'
        tested.add(f"r{number}", f"r{number - 1}" if number else None, up=table, undo="pass" if number == 5 else undo)
    one, three = tested.report("--no-cache"), tested.report("--no-cache", "--jobs", "3")
    outcomes = [
        [(check["check"], check["revision"], check["outcome"]) for check in run["checks"]] for run in (one, three)
    ]
    assert outcomes[0] == outcomes[1]
    assert three["summary"]["failed"] == 0 and three["summary"]["skipped"] == 2
    assert tested.left_over() == []


def test_irreversible_revisions_are_left_out_and_named(tested):
    tested.add("aaaa", up=USERS, undo="raise NotImplementedError")
    tested.add("bbbb", "aaaa", up=INDEX)
    tested.add("cccc", "bbbb", up='op.execute("SELECT 1")', undo='raise_it = getattr(op, "nothing")')
    tested.add("dddd", "cccc")
    found = checks(tested.report())
    assert found["aaaa"]["reason"] == "irreversible: downgrade() always raises"
    assert found["bbbb"]["reason"] == "irreversible: downgrade() does nothing"
    assert found["cccc"]["findings"][0].startswith("the downgrade fails: AttributeError")
    assert found["dddd"]["outcome"] == "passed"


def test_a_revision_that_cannot_run_stops_those_above_it(tested):
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("bbbb", "aaaa", up='op.execute("nonsense")')
    tested.add("cccc", "bbbb")
    document = tested.report()
    assert "revision bbbb cannot be run" in checks(document, "upgrade")[None]["findings"][0]
    outcomes = {revision: check["outcome"] for revision, check in checks(document).items()}
    assert outcomes == {"aaaa": "passed", "bbbb": "failed", "cccc": "skipped"}
    assert tested.left_over() == []


def test_several_heads_are_told(tested):
    tested.add("aaaa")
    tested.add("bbbb", "aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("cccc", "aaaa")
    document = tested.report()
    assert checks(document, "single-head")[None]["findings"] == ["there are 2 heads: bbbb, cccc"]
    assert {check["outcome"] for check in checks(document).values()} == {"passed"}


def test_merges_are_taken_apart_and_put_together(tested):
    tested.add("aaaa")
    tested.add("bbbb", "aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("cccc", "aaaa", up=USERS.replace("users", "orders"), undo='op.drop_table("orders")')
    tested.add("dddd", ("bbbb", "cccc"))
    assert {check["outcome"] for check in checks(tested.report()).values()} == {"passed"}


def test_models_are_compared(tested):
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.write_env(MODELS_ENV.format(extra=""))
    assert checks(tested.report(), "models")[None]["outcome"] == "passed"
    tested.write_env(MODELS_ENV.format(extra=', sa.Column("age", sa.Integer)'))
    found = checks(tested.report(), "models")[None]
    assert found["outcome"] == "failed" and "add_column" in found["findings"][0]


def test_nothing_is_replayed_twice(tested):
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("bbbb", "aaaa", up=INDEX, undo='op.drop_index("ix_users_name", "users")')
    first = tested.report()["summary"]
    again = tested.report()
    assert (first["steps"], again["summary"]["steps"]) == (8, 0)
    assert again["summary"]["restored"] == 2
    assert [check["cached"] for check in checks(again).values()] == [True, True]
    # One more revision: up to the head, and up, down and up again.
    tested.add("cccc", "bbbb", up=USERS.replace("users", "orders"), undo='op.drop_table("orders")')
    added = tested.report()
    assert (added["summary"]["steps"], added["summary"]["restored"]) == (4, 2)
    assert [check["cached"] for check in checks(added).values()] == [True, True, False]
    # A changed one is run again, and so is what is above it.
    tested.add("bbbb", "aaaa", up=INDEX, undo='op.drop_index("ix_users_name", table_name="users")')
    assert [check["cached"] for check in checks(tested.report()).values()] == [True, False, False]
    assert tested.report("--no-cache")["summary"]["steps"] == 12
    assert tested.left_over() == []


def test_rows_of_fixtures_survive(tested):
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("bbbb", "aaaa", up='op.execute("DELETE FROM users WHERE id = 2")', undo='op.execute("SELECT 1")')
    tested.add("cccc", "bbbb", up='op.execute("UPDATE users SET name = upper(name)")', undo='op.execute("SELECT 1")')
    tested.add("dddd", "cccc", up=INDEX, undo='op.drop_index("ix_users_name", "users")')
    rows = tested.project.folder / "rows"
    rows.mkdir()
    (rows / "aaaa.sql").write_text("INSERT INTO users VALUES (1, 'x; y');\nINSERT INTO users VALUES (2, 'z');\n")
    found = checks(tested.report("--fixtures", "rows"), "data")
    assert found["bbbb"]["findings"] == ["table `users` has 1 rows after the downgrade instead of 2"]
    assert found["cccc"]["findings"] == ["column `users.name` holds other values after the downgrade"]
    assert [found[revision]["outcome"] for revision in ("aaaa", "dddd")] == ["passed", "passed"]
    (rows / "zzzz.sql").write_text("")
    tested.run("--fixtures", "rows").failed("zzzz.sql", status=2)


def test_an_env_that_keeps_everything_in_one_transaction(tested):
    text = (tested.project.folder / "migrations/env.py").read_text()
    tested.write_env(text.replace(".connect() as", ".begin() as"))
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    tested.add("bbbb", "aaaa", up=INDEX)
    tested.add("cccc", "bbbb", up=USERS.replace("users", "orders"), undo='op.execute("SELECT 1")')
    found = checks(tested.report())
    assert found["aaaa"]["outcome"] == "passed"
    assert found["cccc"]["findings"][0] == "the downgrade leaves table `orders` behind"


def test_an_env_that_reads_its_url_from_the_environment(tested):
    text = (tested.project.folder / "migrations/env.py").read_text()
    tested.write_env(text.replace('context.config.get_main_option("sqlalchemy.url")', 'os.environ["LEDGER_URL"]'))
    tested.project.environment["LEDGER_URL"] = tested.project.url
    tested.add("aaaa", up=USERS, undo='op.drop_table("users")')
    assert checks(tested.report())["aaaa"]["outcome"] == "passed"


def test_an_env_that_connects_elsewhere_is_refused(tested):
    text = (tested.project.folder / "migrations/env.py").read_text()
    tested.write_env(text.replace("url = context", "url = 'sqlite:///' + 'other.db' or context"))
    tested.add("aaaa")
    done = tested.run("--dialect", tested.dialect).failed("env.py connects to", status=2)
    assert "--url-variable NAME" in done.err
    assert tested.left_over() == []


def test_junit(tested):
    tested.add("aaaa", up=USERS, undo='op.execute("SELECT 1")')
    done = tested.run("--junit", "report.xml", "--format", "junit")
    assert done.status == 1
    written = ElementTree.parse(tested.project.folder / "report.xml").getroot()
    for root in (written, ElementTree.fromstring(done.out)):
        suites = {suite.get("name"): suite for suite in root.iter("testsuite")}
        assert list(suites) == ["single-head", "upgrade", "up-down-up", "models"]
        failure = suites["up-down-up"].find("testcase/failure")
        assert failure.get("message") == "the downgrade leaves table `users` behind"


def test_since_a_branch_tries_the_new_ones_alone(tested):
    git = ["git", "-c", "user.name=me", "-c", "user.email=me@example.org"]
    tested.add("aaaa", up=USERS, undo='op.execute("SELECT 1")')
    for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], cwd=tested.project.folder, check=True)
    tested.add("bbbb", "aaaa", up=INDEX, undo='op.drop_index("ix_users_name", "users")')
    document = tested.report("--since", "main")
    assert list(checks(document)) == ["bbbb"]
    tested.run("--since", "nowhere").failed("nowhere", status=2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_database(on_postgres, number):
    on_postgres.add("aaaa", up='import time; open("running", "w").close(); time.sleep(60)')
    command = [str(on_postgres.limbec), "test", *on_postgres.options]
    environment = {**os.environ, **on_postgres.project.environment}
    process = subprocess.Popen(
        command, cwd=on_postgres.project.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while not (on_postgres.project.folder / "running").exists():
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    assert made_on(on_postgres.server)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number, errors
    assert b"interrupted" in errors
    assert made_on(on_postgres.server) == []


def test_what_a_killed_run_left_is_dropped_by_the_next(on_postgres):
    on_postgres.add("aaaa", up='import time; open("running", "w").close(); time.sleep(60)')
    command = [str(on_postgres.limbec), "test", *on_postgres.options]
    environment = {**os.environ, **on_postgres.project.environment}
    process = subprocess.Popen(command, cwd=on_postgres.project.folder, env=environment, stderr=subprocess.PIPE)
    while not (on_postgres.project.folder / "running").exists():
        time.sleep(0.05)
    process.kill()
    process.communicate()
    assert made_on(on_postgres.server)
    on_postgres.add("aaaa")
    assert "databases of runs that were killed" in on_postgres.run().err
    assert made_on(on_postgres.server) == []


def test_a_postgresql_of_its_own(tmp_path, limbec_bin, postgres_server):
    """With no server named; the one of the tests only shows that programs are installed."""
    own = Trial(tmp_path, "postgresql", postgres_server, limbec_bin)
    folder = os.environ.get("LIMBEC_TEST_POSTGRES_BIN", "")
    own.project.environment["PATH"] = os.pathsep.join([folder, os.environ["PATH"]])
    own.add("aaaa", up=USERS, undo='op.execute("SELECT 1")')
    done = own.project.run(limbec_bin, "test", "--no-cache", "--format", "json")
    found = checks(json.loads(done.out))
    assert found["aaaa"]["findings"][0] == "the downgrade leaves table `users` behind"
    assert made_on(postgres_server) == []


def test_what_cannot_be_tested_is_said(tmp_path, limbec_bin):
    tested = Trial(tmp_path, "sqlite", None, limbec_bin)
    tested.add("aaaa")
    tested.run("--server", "sqlite:///x.db").failed("is no PostgreSQL server", status=2)
    tested.run("--server", "postgresql://me:hunter2@127.0.0.1:1/x").failed("cannot reach PostgreSQL", status=2)
    tested.run("--dialect", "sqlite", "--server", "postgresql://x").failed("SQLite has no server", status=2)
    tested.project.write_ini("mysql://somewhere/x")
    tested.run().failed("limbec makes databases of PostgreSQL and SQLite, not of mysql", "--dialect", status=2)
    tested.project.write_ini("driver://user:pass@localhost/dbname")
    tested.run().failed("cannot be known without running env.py", "--dialect", status=2)
