"""--dry-run tells what would be done, and leaves every byte as it was."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import create_engine, pool, text
from support import databases
from support.projects import Project

IDS = [f"{number}" * 12 for number in range(1, 5)]

TABLE = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(50)))'
READS = """conn = op.get_bind()
for row in conn.execute(sa.text("SELECT id FROM users")):
    conn.execute(sa.text("UPDATE users SET name = 'x' WHERE id = 1"))
op.add_column("users", sa.Column("age", sa.Integer))"""
BLOCK = """with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY ix_age ON users (age)")"""

# env.py that only running it can tell the database of, and that knows no offline mode.
HIDDEN_ENV = """import json
from pathlib import Path
from alembic import context
from sqlalchemy import create_engine, pool

secret = json.loads((Path(__file__).parent / "secret.json").read_text())
with create_engine(secret["url"], poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


@pytest.fixture
def project(url, tmp_path):
    project = Project(tmp_path / "project", url)
    project.add(IDS[0], up=TABLE, undo='op.drop_table("users")')
    project.add(IDS[1], IDS[0], up='op.create_index("ix_name", "users", ["name"])', undo='op.drop_index("ix_name")')
    return project


def fingerprint(url):
    """Everything that a dry run could have changed: the file's bytes, or the catalogue and all rows."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return sorted(
            (each.name, hashlib.sha256(each.read_bytes()).hexdigest()) for each in path.parent.glob(path.name + "*")
        )
    rows = {name: databases.fetch(url, f'SELECT * FROM "{name}"') for name in databases.tables(url)}
    return databases.schema(url), rows


def dry_run(project, limbec_bin, *arguments, **environment):
    """The only database of the JSON document; the database is the same before and after."""
    before = fingerprint(project.url)
    done = project.run(limbec_bin, *arguments, "--dry-run", "--format", "json", **environment).ok()
    assert fingerprint(project.url) == before
    (database,) = json.loads(done.out)["databases"]
    return database


def sql_of(step, *, version_table=False):
    found = [each["sql"] for each in step["statements"] if each["version_table"] == version_table]
    return [re.sub(r"\s+", " ", sql) for sql in found]


def locks_of(step):
    return [(each["relation"], each["mode"]) for one in step["statements"] for each in one["locks"]]


def test_upgrade_from_nothing(project, limbec_bin):
    database = dry_run(project, limbec_bin, "upgrade", "head")
    assert database["heads"] == [] and not database["has_version_table"] and database["not_rendered"] is None
    first, second = database["steps"]
    assert [step["revision"] for step in database["steps"]] == IDS[:2]
    assert sql_of(first)[0].startswith("CREATE TABLE users (")
    create, insert = sql_of(first, version_table=True)
    assert create.startswith("CREATE TABLE alembic_version") and IDS[0] in insert
    assert sql_of(second) == ["CREATE INDEX ix_name ON users (name)"]
    # What the plan itself has made is in nobody's way.
    assert locks_of(first) == [] and locks_of(second) == []


def test_starts_where_the_database_is(project, limbec_bin):
    project.run(limbec_bin, "upgrade", IDS[0]).ok()
    database = dry_run(project, limbec_bin, "upgrade", "head")
    assert database["heads"] == [IDS[0]] and database["has_version_table"]
    (step,) = database["steps"]
    assert sql_of(step) == ["CREATE INDEX ix_name ON users (name)"]
    assert "CREATE TABLE" not in " ".join(sql_of(step, version_table=True))
    if project.url.startswith("postgresql"):
        assert ("users", "SHARE") in locks_of(step)
        assert "index-without-concurrently" in [finding["rule"] for finding in step["findings"]]
    text = project.run(limbec_bin, "upgrade", "head", "--dry-run").ok().out
    assert "CREATE INDEX ix_name ON users (name);" in text and "Nothing was changed." in text


def test_downgrade(project, limbec_bin):
    project.run(limbec_bin, "upgrade", "head").ok()
    (second, first) = dry_run(project, limbec_bin, "downgrade", "base")["steps"]
    assert sql_of(second) == ["DROP INDEX ix_name"]
    assert sql_of(first) == ["DROP TABLE users"]
    # Online, the version table stays.
    assert [sql.split()[0] for sql in sql_of(first, version_table=True)] == ["DELETE"]


def test_stamp(project, limbec_bin):
    project.run(limbec_bin, "upgrade", IDS[0]).ok()
    database = dry_run(project, limbec_bin, "stamp", "--purge", IDS[1])
    assert database["purged_rows"] == 1
    (step,) = database["steps"]
    assert sql_of(step) == []
    assert sql_of(step, version_table=True) == [f"INSERT INTO \"alembic_version\" (version_num) VALUES ('{IDS[1]}')"]
    assert databases.versions(project.url) == [IDS[0]]


def test_nothing_to_do(project, limbec_bin):
    project.run(limbec_bin, "upgrade", "head").ok()
    assert dry_run(project, limbec_bin, "upgrade", "head")["steps"] == []
    assert "Nothing to do." in project.run(limbec_bin, "upgrade", "head", "--dry-run").ok().out


def test_a_script_that_reads_is_shown_by_its_calls(project, limbec_bin):
    project.add(IDS[2], IDS[1], up=READS)
    project.add(IDS[3], IDS[2], up='print("noise")\nop.execute("DELETE FROM users")')
    database = dry_run(project, limbec_bin, "upgrade", "head")
    reads, after = database["steps"][2:]
    assert reads["not_rendered"].startswith("it reads what a statement returns, line ")
    texts = [call["text"] for call in reads["calls"]]
    assert texts[0] == "SELECT id FROM users" and texts[-1].startswith("op.add_column(")
    # One step is no reason not to render the next.
    assert after["not_rendered"] is None and sql_of(after) == ["DELETE FROM users"]


def test_an_autocommit_block_is_outside_of_the_transaction(project, limbec_bin):
    if project.url.startswith("sqlite"):
        pytest.skip("CONCURRENTLY is PostgreSQL's")
    project.run(limbec_bin, "upgrade", "head").ok()
    project.add(IDS[2], IDS[1], up='op.add_column("users", sa.Column("age", sa.Integer))\n' + BLOCK)
    (step,) = dry_run(project, limbec_bin, "upgrade", "head")["steps"]
    assert [each["in_transaction"] for each in step["statements"]] == [True, False, True]
    assert locks_of(step)[:2] == [("users", "ACCESS EXCLUSIVE"), ("users", "SHARE UPDATE EXCLUSIVE")]


def test_where_only_env_py_knows_the_database(project, limbec_bin):
    """No offline branch either: env.py is run with connections that go nowhere."""
    project.run(limbec_bin, "upgrade", IDS[0]).ok()
    (project.folder / "migrations" / "env.py").write_text(HIDDEN_ENV)
    (project.folder / "migrations" / "secret.json").write_text(json.dumps({"url": project.url}))
    project.write_ini("driver://user:pass@localhost/dbname")
    database = dry_run(project, limbec_bin, "upgrade", "head")
    assert database["heads"] == [IDS[0]] and database["has_version_table"]
    assert sql_of(database["steps"][0]) == ["CREATE INDEX ix_name ON users (name)"]


def test_without_an_offline_mode_at_all(project, limbec_bin):
    env = project.folder / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace("context.configure(url=url", 'raise SystemError("no")\n    context.configure(url=url')
    )
    database = dry_run(project, limbec_bin, "upgrade", "head")
    assert "SystemError: no" in database["not_rendered"]
    assert [call["text"][:16] for call in database["steps"][0]["calls"]] == ["op.create_table("]


def test_a_missing_server_is_an_error(tmp_path, limbec_bin):
    project = Project(tmp_path / "project", "postgresql+psycopg2://nobody@127.0.0.1:1/none")
    project.add(IDS[0], up=TABLE)
    project.run(limbec_bin, "upgrade", "head", "--dry-run").failed("127.0.0.1", status=1)


def test_not_with_sql(project, limbec_bin):
    project.run(limbec_bin, "upgrade", "head", "--sql", "--dry-run").failed("--sql", status=2)
    project.run(limbec_bin, "upgrade", "head", "--format", "json").failed("--dry-run", status=2)


def rehearse(project, limbec_bin, *arguments, status=0):
    """What --dry-run=execute tells; the database is the same before and after."""
    before = fingerprint(project.url)
    done = project.run(limbec_bin, *arguments, "--dry-run=execute", "--format", "json")
    assert done.status == status, done.out + done.err
    assert fingerprint(project.url) == before
    return json.loads(done.out)


def test_a_rehearsal_leaves_nothing_behind(project, limbec_bin):
    project.add(IDS[2], IDS[1], up="op.execute(\"INSERT INTO users (id, name) VALUES (1, 'x')\")\n" + READS)
    for start in (None, IDS[0]):
        if start:
            project.run(limbec_bin, "upgrade", start).ok()
        (database,) = rehearse(project, limbec_bin, "upgrade", "head")["databases"]
        assert {step["outcome"] for step in database["steps"]} == {"rolled back"}
    index, reads = database["steps"]
    assert [one["sql"].split()[0] for one in index["statements"]] == ["CREATE", "UPDATE"]
    # The script read a row of its own, and went on.
    assert [one["sql"].split()[0] for one in reads["statements"]] == ["INSERT", "SELECT", "UPDATE", "ALTER", "UPDATE"]
    if project.url.startswith("postgresql"):
        taken = [(lock["relation"], lock["mode"]) for lock in index["statements"][0]["locks"]]
        assert taken == [("users", "SHARE")]
    project.run(limbec_bin, "upgrade", "head").ok()
    (database,) = rehearse(project, limbec_bin, "downgrade", "base")["databases"]
    assert [step["direction"] for step in database["steps"]] == ["downgrade"] * 3
    text = project.run(limbec_bin, "downgrade", "base", "--dry-run=execute").ok().out
    assert "Everything was rolled back." in text


def test_a_rehearsal_that_fails_says_where(project, limbec_bin):
    project.add(IDS[2], IDS[1], up='op.execute("INSERT INTO nowhere VALUES (1)")')
    done = rehearse(project, limbec_bin, "upgrade", "head", status=1)
    assert "nowhere" in done["failure"] and f"{IDS[2]}_.py" in done["failure"]
    assert [step["outcome"] for step in done["databases"][0]["steps"]] == ["rolled back", "rolled back", "failed"]


COMMITS = {
    "in sql": 'op.execute("INSERT INTO users VALUES (7); COMMIT")',
    "of the connection": "op.get_bind().commit()",
    "hidden": 'getattr(op.get_bind(), "com" + "mit")()',
    "computed": 'op.execute("COM" + str("MIT"))',
    "a block": BLOCK.replace(" (age)", " (name)"),
}


@pytest.mark.parametrize("how", list(COMMITS))
@pytest.mark.parametrize("start", [None, IDS[1]])
def test_what_cannot_be_rolled_back_is_refused(how, start, project, limbec_bin):
    if project.url.startswith("sqlite") and how in ("a block", "in sql"):
        pytest.skip("PostgreSQL's alone")
    if start:
        project.run(limbec_bin, "upgrade", start).ok()
    project.add(IDS[2], IDS[1], up=COMMITS[how])
    before = fingerprint(project.url)
    project.run(limbec_bin, "upgrade", "head", "--dry-run=execute").failed(status=1)
    assert fingerprint(project.url) == before
    assert databases.versions(project.url) == ([start] if start else None)


def test_a_sequence_that_advanced_is_told(project, limbec_bin):
    if project.url.startswith("sqlite"):
        pytest.skip("SQLite has no sequences")
    project.run(limbec_bin, "upgrade", "head").ok()
    project.add(IDS[2], IDS[1], up="op.execute(\"INSERT INTO users (name) VALUES ('x')\")")
    done = json.loads(project.run(limbec_bin, "upgrade", "head", "--dry-run=execute", "--format", "json").ok().out)
    assert done["databases"][0]["sequences"] == [{"sequence": "public.users_id_seq", "before": None, "after": "1"}]
    assert databases.fetch(project.url, "SELECT * FROM users") == []


def test_a_rehearsal_waits_for_no_lock_for_long(project, limbec_bin):
    if project.url.startswith("sqlite"):
        pytest.skip("PostgreSQL's lock_timeout")
    project.run(limbec_bin, "upgrade", IDS[0]).ok()
    engine = create_engine(project.url, poolclass=pool.NullPool)
    with engine.connect() as other:
        other.execute(text("LOCK TABLE users IN ACCESS EXCLUSIVE MODE"))
        arguments = ("upgrade", "head", "--dry-run=execute", "--lock-timeout", "200ms")
        project.run(limbec_bin, *arguments).failed("lock timeout", status=1)


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_a_rehearsal_with_other_drivers(driver, postgres_url, tmp_path, limbec_bin):
    project = Project(tmp_path / "project", postgres_url)
    project.add(IDS[0], up=TABLE, undo='op.drop_table("users")')
    url = postgres_url.replace("+psycopg2", f"+{driver}")
    project.write_ini(url)
    if driver == "asyncpg":
        (project.folder / "migrations" / "env.py").write_text(ASYNC_ENV)
    (database,) = json.loads(
        project.run(limbec_bin, "upgrade", "head", "--dry-run=execute", "--format", "json").ok().out
    )["databases"]
    assert database["steps"][0]["outcome"] == "rolled back"
    assert databases.tables(postgres_url) == []


ASYNC_ENV = """import asyncio
from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
"""


def test_a_stamp_is_not_rehearsed(project, limbec_bin):
    project.run(limbec_bin, "stamp", "head", "--dry-run=execute").failed("--dry-run", status=2)
