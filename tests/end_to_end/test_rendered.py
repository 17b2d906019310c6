"""Rendered once: what limbec sends itself leaves what Alembic leaves, and what may differ is left to Python."""

import re
import subprocess
import sys

import pytest
from support.databases import dump, execute, fetch, in_order, schema, versions
from support.fleets import FleetProject, sqlite_fleet
from support.projects import Project

# env.py that limbec understands, with an offline branch.
ENV = """from alembic import context
from sqlalchemy import engine_from_config, pool
{head}
config = context.config
target_metadata = {metadata}


def run_migrations_offline():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"),
        target_metadata=target_metadata,
        literal_binds=True,
        dialect_opts={{"paramstyle": "named"}},
    )
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    engine = engine_from_config(config.get_section(config.config_ini_section, {{}}), prefix="sqlalchemy.",
                                poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=target_metadata{configure})
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""

HISTORY = [
    (
        "a1",
        "op.create_table('account',\n"
        "    sa.Column('id', sa.Integer(), nullable=False),\n"
        "    sa.Column('name', sa.String(50), nullable=False, server_default=\"it's 100%\", comment='a \\\\ b'),\n"
        "    sa.Column('kind', sa.Enum('x', 'y', name='kind')),\n"
        "    sa.Column('price', sa.Numeric(10, 2), server_default=sa.text('0')),\n"
        "    sa.Column('at', sa.DateTime(), server_default=sa.func.now()),\n"
        "    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')))\n"
        "op.create_index(op.f('ix_account_name'), 'account', ['name'])",
        "op.drop_table('account')\nif op.get_bind().dialect.name == 'postgresql':\n    op.execute('DROP TYPE kind')",
    ),
    (
        "b2",
        "t = sa.table('account', sa.column('id', sa.Integer), sa.column('name', sa.String))\n"
        "op.bulk_insert(t, [{'id': n, 'name': f\"n'{n}%\"} for n in range(4)])\n"
        "op.execute(t.update().where(t.c.id == 1).values(name='one: \"1\"'))\n"
        "op.execute(\"UPDATE account SET name = name || '%' WHERE name LIKE 'n%'\")\n"
        "op.get_bind().execute(sa.text(\"UPDATE account SET kind = 'x' WHERE id > 1\"))",
        "op.execute('DELETE FROM account')",
    ),
    (
        "c3",
        "with op.batch_alter_table('account') as batch:\n"
        "    batch.add_column(sa.Column('extra', sa.JSON(), nullable=True))\n"
        "    batch.add_column(sa.Column('note', sa.Text(), server_default=''))\n"
        "op.create_table('line', sa.Column('id', sa.BigInteger(), sa.Identity(), primary_key=True),\n"
        "    sa.Column('account_id', sa.Integer(), sa.ForeignKey('account.id', ondelete='CASCADE')))",
        "op.drop_table('line')\nop.drop_column('account', 'note')\nop.drop_column('account', 'extra')",
    ),
]


def project(folder, binary, names, urls, *, configure="", head="", metadata="None"):
    fleet = FleetProject(Project(folder / "project", "sqlite:///unused.db"), binary, names)
    environment = ENV.format(configure=configure, head=head, metadata=metadata)
    (fleet.project.folder / "migrations" / "env.py").write_text(environment)
    fleet.urls = dict(zip(names, urls))
    fleet.configure()
    return fleet


@pytest.fixture
def fleet(tmp_path, limbec_bin, databases_of):
    """Four empty tenants of each dialect in turn; the last one is never limbec's."""
    names = ["a", "b", "c", "d"]
    return project(tmp_path, limbec_bin, names, [databases_of() for _ in names])


def add(fleet, history):
    down = None
    for revision, up, undo in history:
        fleet.project.add(revision, down, up=up, undo=undo)
        down = revision


def alembic(fleet, name, *arguments):
    """Plain Alembic on one tenant."""
    ini = fleet.project.folder / "alembic.ini"
    url = fleet.urls[name].replace("%", "%%")
    other = fleet.project.folder / "plain.ini"
    other.write_text(re.sub(r"(?m)^sqlalchemy\.url.*$", lambda _: f"sqlalchemy.url = {url}", ini.read_text()))
    command = [sys.executable, "-m", "alembic", "-c", str(other), *arguments]
    subprocess.run(command, cwd=fleet.project.folder, check=True, capture_output=True)


def migrate(fleet, *more, rendered):
    """Migrate a, b and c, and compare how many of them limbec has served itself."""
    done = fleet.migrate("a", "b", "c", "-v", "--jobs", "1", *more).ok()
    assert f"{rendered} tenants by rendered SQL" in done.err, done.err
    return done


def content(fleet, name):
    """Catalogue, version table and rows, but for times and limbec's own tables."""
    url = fleet.urls[name]
    if url.startswith("postgresql"):
        text = dump(url, "--schema-only", "--no-owner", "--exclude-schema=limbec")
    else:
        own = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'limbec%' ORDER BY type, name"
        text = "\n".join(f"{kind} {name}: {in_order(sql)}" for kind, name, sql in fetch(url, own))
    rows = fetch(url, "SELECT id, name, kind, price FROM account ORDER BY id") if "account" in text else []
    return text, versions(url), rows


def test_the_result_is_alembics(fleet):
    add(fleet, HISTORY)
    migrate(fleet, rendered=2)
    alembic(fleet, "d", "upgrade", "head")
    assert content(fleet, "a") == content(fleet, "b") == content(fleet, "c") == content(fleet, "d")
    assert len(content(fleet, "c")[2]) == 4
    log = fleet.limbec("--url", fleet.urls["c"], "log", "--format", "json").ok().out
    assert log.count('"done"') == 3 and log.count('"upgrade"') == 3


def test_revisions_one_after_the_other(fleet):
    for end in range(1, len(HISTORY) + 1):
        add(fleet, HISTORY[:end])
        migrate(fleet, rendered=2)
        alembic(fleet, "d", "upgrade", "head")
        assert content(fleet, "c") == content(fleet, "d")


def test_tenants_with_other_rows_have_plans_of_their_own(fleet):
    add(fleet, HISTORY)
    alembic(fleet, "a", "upgrade", "a1")
    alembic(fleet, "b", "upgrade", "a1")
    migrate(fleet, rendered=1)  # c is alone with its plan
    alembic(fleet, "d", "upgrade", "head")
    assert content(fleet, "a") == content(fleet, "b") == content(fleet, "c") == content(fleet, "d")


def test_it_can_be_switched_off(fleet):
    add(fleet, HISTORY)
    assert "rendering is switched off" in migrate(fleet, "--no-render", rendered=0).err
    fleet.write_settings("render = false")
    assert "rendering is switched off" in fleet.migrate("--all", "--explain").ok().out


# Each of these would go wrong if one tenant's statements were sent to another.
REFUSED = {
    "time": ("import time\nop.execute(f'INSERT INTO t VALUES ({time.time_ns()})')", "it uses time.time_ns"),
    "random": (
        "import uuid\nop.execute(f'INSERT INTO t VALUES ({uuid.uuid4().int % 10**9})')",
        "it uses uuid.uuid4",
    ),
    "rows": (
        "n = op.get_bind().execute(sa.text('SELECT count(*) FROM seen')).scalar()\n"
        "op.execute(f'INSERT INTO t VALUES ({n})')",
        "it calls .scalar()",
    ),
    "schema": (
        "if not sa.inspect(op.get_bind()).has_table('extra'):\n"
        "    op.create_table('extra', sa.Column('id', sa.Integer))",
        "it calls .has_table()",
    ),
    "tenant": (
        "from alembic import context\n"
        "name = context.get_x_argument(as_dictionary=True)['tenant']\n"
        "op.execute(f'INSERT INTO t VALUES ({ord(name)})')",
        "it uses alembic.context.get_x_argument",
    ),
    "url": ("op.execute(f'INSERT INTO t VALUES ({len(str(op.get_bind().engine.url))})')", "it uses .engine"),
    "file": ("op.execute(open(__file__ + '.sql').read())", "it calls .read()"),
    "failure": ("try:\n    op.execute('INSERT INTO t VALUES (1)')\nexcept Exception:\n    pass", "`try`"),
}


@pytest.mark.parametrize("what", [name for name in REFUSED if name != "file"])
def test_what_may_differ_goes_to_python(fleet, what):
    up, reason = REFUSED[what]
    add(
        fleet,
        [
            (
                "a1",
                "op.create_table('t', sa.Column('id', sa.BigInteger))\n"
                "op.create_table('seen', sa.Column('x', sa.Integer))",
                "pass",
            )
        ],
    )
    migrate(fleet, rendered=2)
    execute(fleet.urls["c"], "INSERT INTO seen VALUES (1)", "CREATE TABLE extra (other integer)")
    fleet.project.add("b2", "a1", up=up)
    explained = fleet.migrate("--all", "--explain").ok().out
    assert reason in explained and "b2_.py:" in explained
    done = migrate(fleet, rendered=0)
    assert reason in done.err
    assert fetch(fleet.urls["a"], "SELECT count(*) FROM t")[0][0] == (0 if what == "schema" else 1)
    if what == "rows":
        assert [fetch(fleet.urls[name], "SELECT id FROM t") for name in "ac"] == [[(0,)], [(1,)]]
    if what == "tenant":
        assert [fetch(fleet.urls[name], "SELECT id FROM t") for name in "ac"] == [[(97,)], [(99,)]]


def test_a_naming_convention_of_the_tenant_is_noticed(tmp_path, limbec_bin, databases_of):
    """Nothing in the revision depends on the tenant, but what env.py hands to Alembic does."""
    names = ["a", "b", "c"]
    metadata = "sa.MetaData(naming_convention={'ix': 'ix_' + os.environ['TENANT'] + '_%(column_0_label)s'})"
    head = "import os\nimport sqlalchemy as sa"
    fleet = project(tmp_path, limbec_bin, names, [databases_of() for _ in names], head=head, metadata=metadata)
    fleet.write_settings('variables = { TENANT = "{name}" }')
    add(fleet, [("a1", "op.create_table('t', sa.Column('x', sa.Integer, index=True))", "op.drop_table('t')")])
    done = fleet.migrate("--all", "-v", "--jobs", "1").ok()
    assert "0 tenants by rendered SQL" in done.err
    assert "reads the tenant's TENANT" in done.err
    assert "ix_c_" in schema(fleet.urls["c"])


def test_statements_of_env_py_itself_go_to_python(tmp_path, limbec_bin, databases_of):
    names = ["a", "b", "c"]
    fleet = project(tmp_path, limbec_bin, names, [databases_of() for _ in names])
    path = fleet.project.folder / "migrations" / "env.py"
    path.write_text(
        path.read_text().replace(
            "        with context.begin_transaction():\n            context.run_migrations()\n\n\nif",
            "        with context.begin_transaction():\n            context.run_migrations()\n"
            "            connection.exec_driver_sql('CREATE TABLE by_env (id integer)')\n\n\nif",
        )
    )
    add(fleet, HISTORY[:1])
    done = fleet.migrate("--all", "-v", "--jobs", "1").ok()
    assert "env.py is not understood" in done.err
    assert fetch(fleet.urls["c"], "SELECT count(*) FROM by_env") == [(0,)]


def test_a_listener_of_the_application_goes_to_python(tmp_path, limbec_bin, databases_of):
    """What it does at every statement would not be done."""
    names = ["a", "b", "c"]
    fleet = project(tmp_path, limbec_bin, names, [databases_of() for _ in names], head="import application")
    (fleet.project.folder / "application.py").write_text(
        "from sqlalchemy import event\nfrom sqlalchemy.engine import Engine\n\n"
        "@event.listens_for(Engine, 'before_cursor_execute', retval=True)\n"
        "def rewritten(connection, cursor, statement, parameters, context, executemany):\n"
        "    return statement, parameters\n"
    )
    add(fleet, HISTORY[:1])
    done = fleet.migrate("--all", "-v", "--jobs", "1", PYTHONPATH=str(fleet.project.folder)).ok()
    assert "application.py listens to before_cursor_execute" in done.err


def test_session_settings_of_the_application_go_to_python(tmp_path, limbec_bin, postgres_databases):
    """Tables would be made without the storage that the application's connections ask for."""
    names = ["a", "b", "c"]
    fleet = project(tmp_path, limbec_bin, names, [postgres_databases() for _ in names])
    fleet.write_settings('variables = { PGOPTIONS = "-cquote_all_identifiers=on" }')
    add(fleet, HISTORY[:1])
    done = fleet.migrate("--all", "-v", "--jobs", "1").ok()
    assert "env.py's session has another quote_all_identifiers than limbec's" in done.err


def test_a_failing_tenant_is_left_as_it_was_and_named(fleet):
    add(fleet, HISTORY[:1])
    migrate(fleet, rendered=2)
    execute(fleet.urls["c"], "CREATE TABLE line (id integer)")
    before = content(fleet, "c")
    add(fleet, HISTORY[:1] + [("b2", HISTORY[2][1], "pass")])
    done = fleet.migrate("a", "b", "c", "-v", "--jobs", "1").failed("tenant c", "line", status=1)
    assert "1 tenants by rendered SQL" in done.err and "revision b2" in done.err
    assert content(fleet, "c") == before
    log = fleet.limbec("--url", fleet.urls["c"], "log", "--format", "json").ok().out
    assert '"failed"' in log
    execute(fleet.urls["c"], "DROP TABLE line")
    fleet.migrate("--all").ok()
    assert content(fleet, "c")[0] == content(fleet, "a")[0]


def test_transactions_are_as_env_py_has_them(tmp_path, limbec_bin, postgres_databases):
    """By run: a failure undoes every revision of it. By revision: only its own."""
    for configure, left in (("", None), (", transaction_per_migration=True", ["a1"])):
        names = ["a", "b", "c"]
        folder = tmp_path / ("one" if configure else "all")
        fleet = project(folder, limbec_bin, names, [postgres_databases() for _ in names], configure=configure)
        add(fleet, [HISTORY[0], ("b2", HISTORY[2][1], "pass")])
        execute(fleet.urls["c"], "CREATE TABLE line (id integer)")
        done = fleet.migrate("--all", "-v", "--jobs", "1").failed("tenant c", status=1)
        assert "1 tenants by rendered SQL" in done.err
        assert (versions(fleet.urls["c"]) or None) == left


def test_schemas_need_a_search_path(tmp_path, limbec_bin, postgres_url):
    names = ["a", "b", "c", "d"]
    fleet = project(tmp_path, limbec_bin, names, [postgres_url] * 4)
    execute(postgres_url, *[f'CREATE SCHEMA "{name}"' for name in names])
    path = fleet.project.folder / "limbec.toml"
    text = f'[tenants]\nmode = "schema"\nsource = ["a", "b", "c", "d"]\nurl = "{postgres_url}"\n'
    add(fleet, HISTORY)
    path.write_text(text)
    assert "set `search-path`" in fleet.migrate("--all", "--explain").ok().out
    path.write_text(f"history = true\nsearch-path = true\n{text}")
    done = fleet.migrate("--all", "-v", "--jobs", "2").ok()
    assert "3 tenants by rendered SQL" in done.err, done.err
    columns = "SELECT table_name, column_name, data_type, column_default FROM information_schema.columns"
    found = [
        [
            tuple(str(x).replace(f"{name}.", "") for x in row)
            for row in fetch(postgres_url, f"{columns} WHERE table_schema = '{name}' ORDER BY 1, ordinal_position")
        ]
        for name in names
    ]
    assert found[0] == found[1] == found[2] == found[3] and len(found[0]) > 8
    assert [fetch(postgres_url, f"SELECT count(*) FROM {name}.account") for name in names] == [[(4,)]] * 4


def test_sqlite_keeps_the_settings_of_the_application(tmp_path, limbec_bin):
    """Python's SQLite has foreign keys off unless a connection asks for them; limbec's own library has them on."""
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a", "b", "c"])
    (fleet.project.folder / "migrations" / "env.py").write_text(ENV.format(configure="", head="", metadata="None"))
    add(
        fleet,
        [
            (
                "a1",
                "op.create_table('p', sa.Column('id', sa.Integer, primary_key=True))\n"
                "op.create_table('q', sa.Column('p', sa.Integer, sa.ForeignKey('p.id')))\n"
                "op.execute('INSERT INTO q VALUES (7)')",
                "pass",
            )
        ],
    )
    migrate(fleet, rendered=2)
    assert fetch(fleet.urls["c"], "SELECT p FROM q") == [(7,)]


# Each has a literal that would be another token, or none, by what stands beside it.
JOINTS = {
    "comment": ("UPDATE t SET a = b -:n WHERE id = 1", {"n": -5}),
    "minus": ("UPDATE t SET a = b - :n WHERE id = 1", {"n": -5}),
    "quoted": ("UPDATE t SET s = 'a :n b' WHERE id = 1", {"n": -5}),
    "column": ("INSERT INTO t SELECT id + 10, a, b, s FROM t ORDER BY :n, id DESC LIMIT 1", {"n": 1}),
}
SMALL = (
    "op.create_table('t', sa.Column('id', sa.Integer), sa.Column('a', sa.Integer), sa.Column('b', sa.Integer),"
    " sa.Column('s', sa.Text))\n"
    "op.execute(\"INSERT INTO t VALUES (1, 1, 20, 'x'), (2, 3, 4, 'y')\")"
)


@pytest.mark.parametrize("joint", JOINTS)
def test_a_parameter_stays_what_it_is_beside_others(fleet, joint):
    """A negative number after a minus would make a comment of the rest, and so change every row."""
    sql, values = JOINTS[joint]
    if joint in ("quoted", "column") and (joint == "quoted") == fleet.urls["a"].startswith("sqlite"):
        pytest.skip("the driver refuses it")
    add(fleet, [("a1", SMALL, "pass"), ("b2", f"op.execute(sa.text({sql!r}).bindparams(n={values['n']}))", "pass")])
    migrate(fleet, rendered=2 if joint == "minus" else 0)
    alembic(fleet, "d", "upgrade", "head")
    rows = "SELECT id, a, b, s FROM t ORDER BY id"
    assert fetch(fleet.urls["c"], rows) == fetch(fleet.urls["d"], rows)


def test_dialects_have_plans_of_their_own(tmp_path, limbec_bin, postgres_databases):
    names = ["a", "b", "c", "d"]
    urls = [postgres_databases(), postgres_databases(), *(f"sqlite:///{tmp_path}/{name}.db" for name in "cd")]
    fleet = project(tmp_path, limbec_bin, names, urls)
    up = "n = 'lite' if op.get_bind().dialect.name == 'sqlite' else 'big'\nop.execute(f'CREATE TABLE {n} (a int)')"
    add(fleet, [("a1", up, "pass")])
    done = fleet.migrate("--all", "-v", "--jobs", "1").ok()
    assert "2 tenants by rendered SQL" in done.err, done.err
    for name, table in zip(names, ("big", "big", "lite", "lite")):
        assert fetch(fleet.urls[name], f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_database_with_settings_of_its_own_is_none_of_the_others(tmp_path, limbec_bin, postgres_databases):
    """SQLAlchemy doubles backslashes where texts have escapes."""
    names = ["a", "b", "c", "d"]
    fleet = project(tmp_path, limbec_bin, names, [postgres_databases() for _ in names])
    for name in "cd":
        database = fleet.urls[name].rpartition("/")[2]
        execute(fleet.urls[name], f"ALTER DATABASE {database} SET standard_conforming_strings = off")
    up = (
        "op.create_table('t', sa.Column('p', sa.Text, server_default='C:\\\\dir\\\\new'))\n"
        "op.execute('DO $$ BEGIN NULL; END $$')"
    )
    add(fleet, [("a1", up, "pass")])
    done = fleet.migrate("a", "b", "c", "-v", "--jobs", "1").ok()
    assert "1 tenants by rendered SQL" in done.err, done.err
    alembic(fleet, "d", "upgrade", "head")
    default = "SELECT column_default FROM information_schema.columns WHERE table_name = 't'"
    # How the default is written depends on the same setting.
    assert fetch(fleet.urls["a"], default) == fetch(fleet.urls["b"], default)
    assert fetch(fleet.urls["c"], default) == fetch(fleet.urls["d"], default)


def schemas_of(tmp_path, limbec_bin, url, setup):
    names = ["s0", "s1", "s2", "s3"]
    fleet = project(tmp_path, limbec_bin, names, [url] * 4)
    for name in names:
        execute(url, f"CREATE SCHEMA {name}", *[text.format(s=name) for text in setup])
    text = f'search-path = true\n[tenants]\nmode = "schema"\nsource = ["s0", "s1", "s2", "s3"]\nurl = "{url}"\n'
    (fleet.project.folder / "limbec.toml").write_text(text)
    return fleet, names


def test_the_session_of_one_tenant_is_not_that_of_the_next(tmp_path, limbec_bin, postgres_url):
    """A function that is there already sets something up, which an UPDATE of the next tenant would have read."""
    fleet, names = schemas_of(
        tmp_path,
        limbec_bin,
        postgres_url,
        [
            "CREATE TABLE {s}.t (id int, s text)",
            "INSERT INTO {s}.t VALUES (1, '{s}')",
            "CREATE FUNCTION {s}.f(text) RETURNS text LANGUAGE sql AS $$ SELECT set_config('app.x', $1, false) $$",
        ],
    )
    before = "coalesce(current_setting('app.x', true), 'none')"
    up = f'op.execute("UPDATE t SET s = {before} || f(s)")'
    add(fleet, [("a1", up, "pass")])
    done = fleet.migrate("--all", "-v", "--jobs", "1").ok()
    assert "3 tenants by rendered SQL" in done.err, done.err
    for name in names:
        assert fetch(postgres_url, f"SELECT s FROM {name}.t") == [(f"none{name}",)]


def test_temporary_tables_end_with_their_tenant(tmp_path, limbec_bin, postgres_url):
    setup = ["CREATE TABLE {s}.t (s text)", "INSERT INTO {s}.t VALUES ('{s}')"]
    fleet, names = schemas_of(tmp_path, limbec_bin, postgres_url, setup)
    up = (
        "op.execute('CREATE TABLE IF NOT EXISTS pg_temp.stage (v text)')\n"
        "op.execute('INSERT INTO pg_temp.stage SELECT s FROM t')\n"
        "op.execute('CREATE TABLE o AS SELECT string_agg(v, chr(44)) AS v FROM pg_temp.stage')"
    )
    add(fleet, [("a1", up, "pass")])
    fleet.migrate("--all", "-v", "--jobs", "1").ok()
    for name in names:
        assert fetch(postgres_url, f"SELECT v FROM {name}.o") == [(name,)]


# Each gives the third tenant something that neither the first nor the second has.
HOOKS = {
    "compiler": (
        "from sqlalchemy.ext.compiler import compiles\nfrom sqlalchemy.schema import CreateColumn\n\n"
        "@compiles(CreateColumn)\ndef column(element, compiler, **kw):\n"
        "    text = compiler.visit_create_column(element, **kw)\n"
        "    return text + ' DEFAULT 7' if IS_THIRD else text\n",
        "takes part in the SQL of CreateColumn",
    ),
    "event": (
        "from sqlalchemy import event, Table, text\n\n@event.listens_for(Table, 'after_create')\n"
        "def created(target, connection, **kw):\n"
        "    if IS_THIRD:\n        connection.execute(text('CREATE TABLE IF NOT EXISTS more (id integer)'))\n",
        "takes part in after_create of Table",
    ),
    "operation": (
        "from alembic.operations import Operations, ops\nfrom alembic.operations.toimpl import create_table\n\n"
        "@Operations.implementation_for(ops.CreateTableOp, replace=True)\ndef created(operations, operation):\n"
        "    table = create_table(operations, operation)\n"
        "    if IS_THIRD:\n        operations.execute('CREATE TABLE more (id integer)')\n    return table\n",
        "takes part in CreateTableOp",
    ),
    "method": (
        "from sqlalchemy.sql.compiler import DDLCompiler\n\noriginal = DDLCompiler.get_column_specification\n\n"
        "def column(self, column, **kw):\n"
        "    return original(self, column, **kw) + (' DEFAULT 7' if IS_THIRD else '')\n\n"
        "DDLCompiler.get_column_specification = column\n",
        "takes part in DDLCompiler.get_column_specification",
    ),
}


@pytest.mark.parametrize("hook", HOOKS)
def test_who_takes_part_in_making_sql_is_asked_for_every_tenant(tmp_path, limbec_bin, postgres_databases, hook):
    text, reason = HOOKS[hook]
    names = ["a", "b", "c"]
    fleet = project(tmp_path, limbec_bin, names, [postgres_databases() for _ in names], head="import models")
    third = "import os\n\nIS_THIRD = os.environ['THIS'].endswith(os.environ['THIRD'])\n"
    (fleet.project.folder / "models.py").write_text(third + text)
    fleet.write_settings('variables = { THIS = "{url}" }')
    add(fleet, [("a1", "op.create_table('o', sa.Column('id', sa.Integer))", "pass")])
    third = {"THIRD": fleet.urls["c"].rpartition("/")[2], "PYTHONPATH": str(fleet.project.folder)}
    done = fleet.migrate("--all", "-v", "--jobs", "1", **third).ok()
    assert "0 tenants by rendered SQL" in done.err and reason in done.err, done.err


@pytest.mark.parametrize("read", ["os.environ['NAME']", "dict(os.environ)", "context.get_x_argument()"])
def test_what_the_application_reads_of_its_tenant_may_change_its_sql(tmp_path, limbec_bin, databases_of, read):
    """The third one's naming convention differs; nobody compares it."""
    names = ["a", "b", "c"]
    head = "import os\nimport sqlalchemy as sa\nfrom models import metadata"
    fleet = project(tmp_path, limbec_bin, names, [databases_of() for _ in names], head=head, metadata="metadata")
    text = (
        f"import os\nfrom alembic import context\nfrom sqlalchemy import MetaData\n\nIS_THIRD = '=c' in str({read})"
        " or \"'NAME': 'c'\" in str(" + read + ") or os.environ.get('NAME') == 'c'\n"
        "metadata = MetaData(naming_convention={'pk': 'pk_third'} if IS_THIRD else {'pk': 'pk_all'})\n"
    )
    if "NAME" not in read:
        text = text.replace(" or os.environ.get('NAME') == 'c'", "")
    (fleet.project.folder / "models.py").write_text(text)
    fleet.write_settings('variables = { NAME = "{name}" }')
    add(fleet, [("a1", "op.create_table('o', sa.Column('id', sa.Integer, primary_key=True))", "pass")])
    done = fleet.migrate("--all", "-v", "--jobs", "1", PYTHONPATH=str(fleet.project.folder)).ok()
    assert "0 tenants by rendered SQL" in done.err, done.err
    assert "reads the tenant's" in done.err


def test_sessions_of_their_own_by_variables_of_libpq(tmp_path, limbec_bin, postgres_databases):
    names = ["a", "b", "c"]
    fleet = project(tmp_path, limbec_bin, names, [postgres_databases() for _ in names])
    fleet.write_settings('variables = { PGOPTIONS = "-capp.tenant={name}" }')
    add(fleet, HISTORY[:1])
    done = fleet.migrate("--all", "-v", "--jobs", "1").ok()
    assert "each tenant has a PGOPTIONS of its own" in done.err


def test_functions_of_sqlite_that_limbec_may_not_have(tmp_path, limbec_bin):
    fleet = sqlite_fleet(tmp_path, limbec_bin, ["a", "b", "c"])
    (fleet.project.folder / "migrations" / "env.py").write_text(ENV.format(configure="", head="", metadata="None"))
    add(fleet, [("a1", SMALL + "\nop.execute('UPDATE t SET a = sqrt(a * a * 1.0)')", "pass")])
    assert "may have another sqrt()" in migrate(fleet, rendered=0).err
    assert fetch(fleet.urls["c"], "SELECT a FROM t ORDER BY id") == [(1,), (3,)]
