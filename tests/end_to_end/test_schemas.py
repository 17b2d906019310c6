"""A schema of one's own: `db init`, `search-path`, and several schemas of one database that never touch each other."""

import json
import os
import uuid

import pytest
from support import databases
from support.absence import missing
from support.projects import Project, run_and_react

IDS = ["1111", "2222", "3333", "4444"]
MODES = {"per-run": "", "per-revision": ", transaction_per_migration=True"}
HOSTILE = [
    'we;ird"Sch%ema',
    "Upper Case",
    "select",
    "a.b",
    "per%cent %(s)s {x}",
    "q'u\\o:t",
    "é$x",
    "x" * 63,
]

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))'
MOODS = 'op.create_table("moods", sa.Column("mood", sa.Enum("good", "bad", name="mood")))'
DROP_MOODS = 'op.drop_table("moods")\nop.execute("DROP TYPE mood")'
ORDERS = (
    'op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True), '
    'sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id")))\nop.create_index("ix_orders", "orders", ["user_id"])'
)
MODELS = """
import sqlalchemy as sa

target_metadata = sa.MetaData()
sa.Table("users", target_metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
sa.Table(
    "orders", target_metadata, sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), index=True),
)
sa.Table("moods", target_metadata, sa.Column("mood", sa.Enum("good", "bad", name="mood")))
"""
ORDERS_AS_MODELLED = ORDERS.replace('"ix_orders"', '"ix_orders_user_id"')

ASYNC_ENV = """import asyncio

from alembic import context
from sqlalchemy import pool
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection{configure})
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
"""


def project_of(folder, url, configure="", settings="search-path = true\nhistory = true\n"):
    project = Project(folder, url, configure)
    project.add(IDS[0], up=USERS, undo='op.drop_table("users")')
    project.add(IDS[1], IDS[0], up=f"{ORDERS_AS_MODELLED}", undo='op.drop_table("orders")')
    project.add(IDS[2], IDS[1], up=MOODS, undo=DROP_MOODS)
    (project.folder / "limbec.toml").write_text(settings)
    return project


def with_models(project):
    env = project.folder / "migrations/env.py"
    text = env.read_text().replace("connection=connection", "connection=connection, target_metadata=target_metadata")
    env.write_text(MODELS + text)
    return project


def tables(url, schema):
    statement = f"SELECT tablename FROM pg_tables WHERE schemaname = {literal(schema)} ORDER BY 1"
    return [row[0] for row in databases.fetch(url, statement)]


def literal(text):
    """A text as SQL in which no driver sees a parameter."""
    return "E'" + "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in text) + "'"


def everything_but(url, schema):
    """All of a database, catalogue and rows, but for one schema and limbec's own."""
    return databases.dump(url, "--exclude-schema", name(schema), "--exclude-schema", "limbec")


def name(schema):
    """A name as SQL, and as a pattern of pg_dump."""
    return '"' + schema.replace('"', '""') + '"'


def history_of(url, schema):
    columns = "revision, direction, outcome, id"
    condition = f"version_schema = {literal(schema)}"
    return databases.fetch(url, f"SELECT {columns} FROM limbec.limbec_history WHERE {condition} ORDER BY id")


@pytest.fixture
def role(postgres_server):
    """A login role that may nothing, with an awkward name; dropped after the test."""
    role = f'we"ak {uuid.uuid4().hex[:8]}'
    databases.run_on_server(postgres_server, f"CREATE ROLE {name(role)} LOGIN PASSWORD 'secret'")
    yield role
    databases.run_on_server(postgres_server, f"DROP ROLE {name(role)}")


def as_role(url, role):
    place = url.rpartition("@")[2] if "@" in url else url.partition("://")[2]
    return f"postgresql+psycopg2://{role.replace(chr(34), '%22').replace(' ', '%20')}:secret@{place}"


# --- db init ---------------------------------------------------------------------------------------------------------


def test_init_makes_what_is_absent_and_says_so(url, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", url, settings="history = true\n")
    is_postgres = url.startswith("postgresql")
    history = "limbec.limbec_history" if is_postgres else "limbec_history"
    looked = project.run(limbec_bin, "db", "init", "--dry-run").ok()
    assert looked.out.splitlines() == [
        "Would create the version table alembic_version.",
        f"Would create the history table {history}.",
    ]
    assert databases.tables(url) == []
    made = project.run(limbec_bin, "db", "init").ok()
    assert made.out == looked.out.replace("Would create", "Created")
    again = json.loads(project.run(limbec_bin, "db", "init", "--format", "json").ok().out)
    assert again["dry_run"] is False
    (database,) = again["databases"]
    assert database["schema"] is None
    assert database["version_table"] == {"name": "alembic_version", "was_absent": False}
    assert database["history_table"] == {"name": history, "was_absent": False}
    assert databases.versions(url) == []


@pytest.mark.parametrize("schema", HOSTILE)
def test_init_quotes_whatever_it_is_given(schema, postgres_url, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", postgres_url)
    made = project.run(limbec_bin, "--schema", schema, "db", "init").ok()
    assert f"Created the schema {schema}.\nCreated the version table {schema}.alembic_version.\n" in made.out
    assert tables(postgres_url, schema) == ["alembic_version"]
    assert tables(postgres_url, "public") == []
    there = project.run(limbec_bin, "db", "init", LIMBEC_SCHEMA=schema).ok()
    assert "Created" not in there.out and there.out.count("is there.") == 3


def test_init_needs_env_py_only_where_that_alone_knows(postgres_url, tmp_path, limbec_bin):
    settings = "history = false\n"
    configure = ', version_table="versions", version_table_schema=context.get_x_argument(as_dictionary=True)["of"]'
    project = project_of(tmp_path / "project", postgres_url, configure, settings)
    made = project.run(limbec_bin, "-x", "of=acme", "db", "init").ok()
    assert made.out == "Created the schema acme.\nCreated the version table acme.versions.\n"
    known = project_of(tmp_path / "known", postgres_url, settings=settings)
    made = known.run(limbec_bin, "--schema", "own", "db", "init", LIMBEC_PYTHON="/nowhere/python").ok()
    assert made.out == "Created the schema own.\nCreated the version table own.alembic_version.\n"


def test_init_names_the_grants_that_are_missing(postgres_url, role, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", as_role(postgres_url, role))
    databases.execute(
        postgres_url, "CREATE SCHEMA closed", "CREATE SCHEMA foreign_", "CREATE TABLE foreign_.alembic_version (v int)"
    )
    database = postgres_url.rpartition("/")[2]
    on_database = f'GRANT CREATE ON DATABASE "{database}" TO {name(role)};'
    wanted = {
        "new": [on_database],
        "closed": [f'GRANT USAGE, CREATE ON SCHEMA "closed" TO {name(role)};', on_database],
        "foreign_": [
            f'GRANT USAGE ON SCHEMA "foreign_" TO {name(role)};',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON "foreign_"."alembic_version" TO {name(role)};',
            on_database,
        ],
    }
    try:
        for schema, grants in wanted.items():
            for words in (["--dry-run"], []):
                refused = project.run(limbec_bin, "--schema", schema, "db", "init", *words)
                refused.failed(f"`{' '.join(grants)}`", status=1)
        # What is typed as it says is enough.
        databases.execute(postgres_url, *(grant.replace(":", "\\:") for grant in wanted["closed"]))
        project.run(limbec_bin, "--schema", "closed", "db", "init").ok()
        project.run(limbec_bin, "--schema", "closed", "upgrade", "head").ok()
        assert tables(postgres_url, "closed") == ["alembic_version", "moods", "orders", "users"]
    finally:
        databases.execute(postgres_url, f"DROP OWNED BY {name(role)}")


def test_sqlite_has_no_schemas(tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", f"sqlite:///{tmp_path}/test.db", settings="")
    project.run(limbec_bin, "--schema", "app", "db", "init").failed("SQLite has no schemas", status=2)
    assert not (tmp_path / "test.db").exists()
    project.run(limbec_bin, "db", "init", "--dry-run").ok()
    assert not (tmp_path / "test.db").exists()


# --- search-path -----------------------------------------------------------------------------------------------------

BLOCK = (
    "with op.get_context().autocommit_block():\n"
    '    op.execute("CREATE TABLE in_block (id int)")\n'
    '    op.create_index("ix_names", "users", ["name"], postgresql_concurrently=True)\n'
    'op.create_table("after_block", sa.Column("id", sa.Integer))'
)
COMMITS = (
    'op.execute("CREATE TABLE before_commit (id int)")\nop.execute("COMMIT")\n'
    'op.execute("CREATE TABLE after_commit (id int)")'
)
SETS = 'op.execute("SET search_path = public")'
SHOWS = (
    'op.create_table("last", sa.Column("id", sa.Integer))\n'
    'print(op.get_bind().exec_driver_sql("SHOW search_path").scalar())'
)
ALL = ["after_block", "after_commit", "alembic_version", "before_commit", "in_block", "last", "users"]


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "asyncpg"])
def test_the_path_holds_in_every_kind_of_transaction(driver, mode, postgres_url, tmp_path, limbec_bin):
    schema = HOSTILE[4]
    url = postgres_url.replace("psycopg2", driver)
    project = Project(tmp_path / "project", url, MODES[mode])
    (project.folder / "limbec.toml").write_text("search-path = true\n")
    if driver == "asyncpg":
        (project.folder / "migrations/env.py").write_text(ASYNC_ENV.format(configure=MODES[mode]))
    # asyncpg has a transaction of its own, which no statement may end.
    commits = COMMITS if driver != "asyncpg" else COMMITS.replace('\nop.execute("COMMIT")', "")
    for number, body in enumerate([USERS, BLOCK, commits, SHOWS]):
        project.add(IDS[number], IDS[number - 1] if number else None, up=body)
    project.run(limbec_bin, "--schema", schema, "db", "init").ok()
    done = project.run(limbec_bin, "--schema", schema, "upgrade", "head").ok()
    assert done.out.splitlines() == [name(schema)]
    assert tables(url.replace(driver, "psycopg2"), schema) == ALL
    assert tables(postgres_url, "public") == []


def test_what_a_script_sets_ends_with_its_revision(postgres_url, tmp_path, limbec_bin):
    project = Project(tmp_path / "project", postgres_url, MODES["per-revision"])
    (project.folder / "limbec.toml").write_text('search-path = ["{schema}", "public"]\nschema = "app"\n')
    project.add(IDS[0], up=f'{SETS}\nop.execute("CREATE TABLE elsewhere (id int)")')
    project.add(IDS[1], IDS[0], up=SHOWS)
    project.run(limbec_bin, "db", "init").ok()
    assert project.run(limbec_bin, "upgrade", "head").ok().out == "app, public\n"
    assert tables(postgres_url, "public") == ["elsewhere"]
    assert tables(postgres_url, "app") == ["alembic_version", "last"]


def test_nothing_runs_without_the_schema(postgres_url, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", postgres_url, settings='search-path = ["{schema}", "public"]\n')
    for command in (["upgrade", "head"], ["upgrade", "head", "--sql"], ["check"]):
        project.run(limbec_bin, *command).failed("`search-path` needs a schema", status=255)
    project.run(limbec_bin, "--schema", "app", "upgrade", "head").failed(
        "the schema app does not exist", "`limbec db init` creates it", status=255
    )
    assert databases.tables(postgres_url) == []
    bad = project_of(tmp_path / "bad", postgres_url, settings="search-path = 'app'\n")
    bad.run(limbec_bin, "upgrade", "head").failed("'search-path' should be", status=2)
    sqlite = project_of(tmp_path / "sqlite", f"sqlite:///{tmp_path}/x.db", settings="search-path = true\n")
    sqlite.run(limbec_bin, "--schema", "main", "upgrade", "head").failed("sqlite has no search_path", status=255)


def test_a_section_has_a_path_of_its_own(postgres_url, tmp_path, limbec_bin):
    settings = '[sections.tenant]\nschema = "acme"\nsearch-path = true\n'
    project = project_of(tmp_path / "project", postgres_url, settings=settings)
    ini = project.folder / "alembic.ini"
    ini.write_text(ini.read_text() + ini.read_text().replace("[alembic]", "[tenant]"))
    project.run(limbec_bin, "-n", "tenant", "db", "init").ok()
    project.run(limbec_bin, "-n", "tenant", "upgrade", IDS[0]).ok()
    project.run(limbec_bin, "upgrade", IDS[1]).ok()
    assert tables(postgres_url, "acme") == ["alembic_version", "users"]
    assert tables(postgres_url, "public") == ["alembic_version", "orders", "users"]


def test_printed_sql_leads_to_the_schema(postgres_url, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", postgres_url)
    schema = HOSTILE[0].replace("%", "")
    printed = project.run(limbec_bin, "--schema", schema, "upgrade", "head", "--sql").ok().out
    assert printed.startswith(f"SET search_path = {name(schema)};\n\nBEGIN;")
    project.run(limbec_bin, "--schema", schema, "db", "init").ok()
    databases.execute(postgres_url, f"DROP TABLE {name(schema)}.alembic_version")
    databases.run_on_server(postgres_url.replace("+psycopg2", ""), printed)
    assert tables(postgres_url, schema) == ["alembic_version", "moods", "orders", "users"]
    assert project.run(limbec_bin, "--schema", schema, "current").ok().out == f"{IDS[2]} (head)\n"
    assert tables(postgres_url, "public") == []


@pytest.fixture
def pooled(postgres_databases):
    """The same database, by itself and through PgBouncer."""
    pooler = os.environ.get("LIMBEC_TEST_PGBOUNCER")
    if not pooler:
        missing("LIMBEC_TEST_PGBOUNCER is not set (see scripts/with-servers)", "LIMBEC_REQUIRE_POSTGRES")
    url = postgres_databases()
    place = pooler.replace("postgresql://", "postgresql+{}://").rpartition("/")[0]
    yield url, f"{place}/{url.rpartition('/')[2]}"


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_behind_a_pooler_the_path_ends_with_each_transaction(driver, mode, pooled, tmp_path, limbec_bin):
    url, pooler = pooled
    pooler = pooler.format(driver)
    project = project_of(tmp_path / "project", pooler, MODES[mode])
    project.run(limbec_bin, "--schema", "app", "db", "init").ok()
    project.run(limbec_bin, "--schema", "app", "upgrade", "head").ok()
    assert tables(url, "app") == ["alembic_version", "moods", "orders", "users"]
    project.run(limbec_bin, "--schema", "app", "downgrade", "base").ok()
    assert tables(url, "app") == ["alembic_version"]
    # Nobody else on that server connection meets it.
    for _ in range(20):
        assert databases.fetch(pooler, "SHOW search_path") == [('"$user", public',)]
    assert tables(url, "public") == []


@pytest.mark.parametrize("body", [BLOCK, COMMITS, COMMITS.replace('")\nop.execute("', "; ")])
def test_behind_a_pooler_nothing_runs_where_no_path_holds(body, pooled, tmp_path, limbec_bin):
    url, pooler = pooled
    project = Project(tmp_path / "project", pooler.format("psycopg2"), MODES["per-revision"])
    (project.folder / "limbec.toml").write_text("search-path = true\n")
    project.add(IDS[0], up=USERS)
    project.add(IDS[1], IDS[0], up=body)
    project.run(limbec_bin, "--schema", "app", "db", "init").ok()
    refused = project.run(limbec_bin, "--schema", "app", "upgrade", "head")
    refused.failed("outside of a transaction", "`search-path`", status=255)
    assert tables(url, "app") == ["alembic_version", "users"], "all of the revision is undone"
    assert tables(url, "public") == []


# --- autogenerate ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["app", HOSTILE[0], HOSTILE[7]])
@pytest.mark.parametrize("history", ["true", '{ schema = "app" }'], ids=["history apart", "history in the schema"])
def test_models_are_compared_with_the_schema(schema, history, postgres_url, tmp_path, limbec_bin):
    settings = f"search-path = true\nhistory = {history}\n"
    project = with_models(project_of(tmp_path / "project", postgres_url, settings=settings))
    databases.execute(postgres_url, "CREATE SCHEMA IF NOT EXISTS app", "CREATE TABLE stranger (id int)")
    limbec = [limbec_bin, "--schema", schema]
    project.run(*limbec, "db", "init").ok()
    project.run(*limbec, "upgrade", "head").ok()
    assert project.run(*limbec, "check").ok().out == "No new upgrade operations detected.\n"
    project.run(*limbec, "revision", "--autogenerate", "-m", "nothing").ok()
    (made,) = project.versions.glob("*_nothing.py")
    assert "op." not in made.read_text()
    made.unlink()
    databases.execute(postgres_url, f"ALTER TABLE {name(schema)}.users DROP COLUMN name".replace(":", "\\:"))
    drift = project.run(*limbec, "check").failed("add_column", status=255)
    assert "stranger" not in drift.out + drift.err and "alembic_version" not in drift.out + drift.err


# --- two schemas in one database -------------------------------------------------------------------------------------


def test_two_schemas_of_one_database_never_touch_each_other(postgres_url, tmp_path, limbec_bin):
    mine, theirs = HOSTILE[0], "theirs"
    project = with_models(project_of(tmp_path / "project", postgres_url))
    project.run(limbec_bin, "upgrade", IDS[1], "--sql", LIMBEC_SCHEMA=theirs).ok()
    for schema in (mine, theirs):
        project.run(limbec_bin, "--schema", schema, "db", "init").ok()
    limbec = [limbec_bin, "--schema", mine]
    project.run(limbec_bin, "--schema", theirs, "upgrade", IDS[1]).ok()
    databases.execute(postgres_url, "INSERT INTO theirs.users SELECT generate_series(1, 1000)")
    before, records = everything_but(postgres_url, mine), history_of(postgres_url, theirs)
    for words in (
        ["upgrade", "head"],
        ["current"],
        ["check"],
        ["history", "-i"],
        ["status"],
        ["verify"],
        ["downgrade", "-1"],
        ["upgrade", "+1", "--dry-run"],
        ["upgrade", "+1", "--dry-run=execute"],
        ["stamp", IDS[2]],
        ["stamp", IDS[1]],
        ["upgrade", "head"],
        ["repair", "--yes"],
        ["log"],
        ["ensure_version"],
    ):
        project.run(*limbec, *words).ok()
        assert everything_but(postgres_url, mine) == before, words
        assert history_of(postgres_url, theirs) == records, words
    assert project.run(*limbec, "current").ok().out == f"{IDS[2]} (head)\n"
    assert project.run(limbec_bin, "--schema", theirs, "current").ok().out == f"{IDS[1]}\n"
    # A thousand rows are theirs, not mine.
    gone = project.run(*limbec, "downgrade", "base").ok()
    assert "no data is lost" in gone.err and "`users`: no rows" in gone.err
    assert tables(postgres_url, mine) == ["alembic_version"]
    assert everything_but(postgres_url, mine) == before
    refused = project.run(limbec_bin, "--schema", theirs, "downgrade", "base").failed("--yes", status=1)
    assert "1,000" in refused.err or "1000" in refused.err


def test_what_is_wrong_in_one_schema_is_not_told_of_the_other(postgres_url, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", postgres_url)
    for schema in ("mine", "theirs"):
        project.run(limbec_bin, "--schema", schema, "db", "init").ok()
        project.run(limbec_bin, "--schema", schema, "upgrade", "head").ok()
    server = postgres_url.replace("+psycopg2", "")
    databases.execute(
        postgres_url,
        "ALTER TABLE theirs.users DROP COLUMN name",
        "ALTER TABLE theirs.orders ADD COLUMN extra int",
        "INSERT INTO theirs.users VALUES (1)",
        "INSERT INTO theirs.orders VALUES (1, 1), (2, 1)",
        "INSERT INTO limbec.limbec_history (plan_id, step, version_schema, version_table, revision, description, "
        "direction, from_heads, to_heads, started_at, outcome, tool_version, transactional) SELECT 'x', 1, 'theirs', "
        "'alembic_version', '9999', '', 'upgrade', '[]', '[]', now(), 'started', '0', true",
    )
    with pytest.raises(Exception, match="could not create unique index"):
        databases.run_on_server(server, "CREATE UNIQUE INDEX CONCURRENTLY broken ON theirs.orders (user_id)")
    assert (
        project.run(limbec_bin, "--schema", "mine", "verify").ok().out
        == "mine.alembic_version is as the revision files say.\n"
    )
    project.run(limbec_bin, "--schema", "mine", "repair", "--yes").ok()
    found = project.run(limbec_bin, "--schema", "theirs", "verify").failed("name", "extra", "broken", status=1)
    assert "interrupted-run" in found.out and "invalid-index" in found.out
    project.add(IDS[3], IDS[2])
    upgraded = project.run(limbec_bin, "--schema", "mine", "upgrade", "head").ok()
    assert "broken" not in upgraded.err


def test_runners_of_two_schemas_do_not_wait_for_each_other(postgres_url, tmp_path, limbec_bin):
    """While one holds its lock the other goes on, and one of the same schema waits."""
    project = project_of(tmp_path / "project", postgres_url)
    for schema in ("mine", "theirs"):
        project.run(limbec_bin, "--schema", schema, "db", "init").ok()
    outcomes = []
    over = tmp_path / "over"
    waits = (
        'import os, sys, time\nprint("here", file=sys.stderr, flush=True)\n'
        f"while not os.path.exists({str(over)!r}):\n    time.sleep(0.02)"
    )
    project.add(IDS[0], up=f"{USERS}\n{waits}")

    def others():
        outcomes.append(project.run(limbec_bin, "--schema", "theirs", "stamp", IDS[1], "--lock-wait", "0s"))
        outcomes.append(project.run(limbec_bin, "--schema", "mine", "stamp", IDS[1], "--lock-wait", "0s"))
        over.touch()

    command = [limbec_bin, "--schema", "mine", "upgrade", "head"]
    run_and_react(*command, cwd=project.folder, sign="here", react=others).ok()
    outcomes[0].ok()
    outcomes[1].failed("another run has locked", status=1)


# --- env.py that knows its schema ------------------------------------------------------------------------------------

COOKBOOK = """
    schema = context.get_x_argument(as_dictionary=True)["schema"]
    connection.exec_driver_sql("SET search_path TO " + connection.dialect.identifier_preparer.quote(schema))
    connection.commit()
    connection.dialect.default_schema_name = schema
"""


def test_an_env_py_that_takes_the_schema_itself_keeps_working(postgres_url, tmp_path, limbec_bin, alembic_bin):
    """As Alembic's cookbook has it for tenants in schemas; limbec and Alembic in turns."""
    project = with_models(project_of(tmp_path / "project", postgres_url, settings="history = true\n"))
    env = project.folder / "migrations/env.py"
    marker = "        context.configure(connection="
    env.write_text(env.read_text().replace(marker, COOKBOOK.replace("\n    ", "\n        ") + marker))
    databases.execute(postgres_url, "CREATE SCHEMA acme", "CREATE SCHEMA other")
    x = ["-x", "schema=acme"]
    project.run(limbec_bin, *x, "upgrade", IDS[0]).ok()
    project.run(alembic_bin, *x, "upgrade", IDS[1]).ok()
    project.run(limbec_bin, *x, "upgrade", "head").ok()
    assert project.run(limbec_bin, *x, "current").ok().out == project.run(alembic_bin, *x, "current").ok().out
    project.run(limbec_bin, *x, "check").ok()
    project.run(limbec_bin, "-x", "schema=other", "upgrade", IDS[0]).ok()
    assert tables(postgres_url, "acme") == ["alembic_version", "moods", "orders", "users"]
    assert tables(postgres_url, "other") == ["alembic_version", "users"]
    assert tables(postgres_url, "public") == []


def test_a_version_table_with_its_schema_decides_where_the_path_leads(postgres_url, tmp_path, limbec_bin):
    configure = ', version_table_schema=context.get_x_argument(as_dictionary=True)["schema"], include_schemas=True'
    project = with_models(project_of(tmp_path / "project", postgres_url, configure))
    for schema in ("acme", HOSTILE[1]):
        x = ["-x", f"schema={schema}"]
        project.run(limbec_bin, *x, "db", "init").ok()
        project.run(limbec_bin, *x, "upgrade", "head").ok()
        assert tables(postgres_url, schema) == ["alembic_version", "moods", "orders", "users"]
        assert project.run(limbec_bin, *x, "current").ok().out == f"{IDS[2]} (head)\n"
        project.run(limbec_bin, *x, "verify").ok()
    # The other schema's tables are seen, as env.py asks for it; one's own version table is not.
    drift = project.run(limbec_bin, "-x", "schema=acme", "check").failed(HOSTILE[1], status=255)
    assert "'acme'" not in drift.out and "limbec_history" not in drift.out


def test_a_test_has_the_schema_in_its_databases(postgres_server, postgres_url, tmp_path, limbec_bin):
    project = project_of(tmp_path / "project", postgres_url, settings='schema = "Own %"\nsearch-path = true\n')
    tried = project.run(limbec_bin, "test", "--server", postgres_server.replace("postgresql:", "postgresql+psycopg2:"))
    assert tried.status in (0, 1) and "does not exist" not in tried.out + tried.err, tried.out + tried.err
    assert databases.tables(postgres_url) == []
