"""Bundles: what is built once runs anywhere without Python, and leaves what Alembic leaves."""

import json
import os
import signal
import subprocess
import time

import pytest
from support.databases import execute, fetch, schema, tables, versions
from support.projects import Project, Run, run

HISTORY = [
    (
        "a1",
        "op.create_table('account',\n"
        "    sa.Column('id', sa.Integer(), nullable=False),\n"
        "    sa.Column('name', sa.String(50), nullable=False, server_default=\"it's 100%\\ttab\", comment='a b'),\n"
        "    sa.Column('kind', sa.Enum('x', 'y', name='kind')),\n"
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
        "op.execute(\"UPDATE account SET name = name || '%' WHERE name LIKE 'n%'\")",
        "op.execute('DELETE FROM account')",
    ),
    (
        "c3",
        "op.add_column('account', sa.Column('note', sa.Text(), server_default=''))\n"
        "op.create_table('line', sa.Column('id', sa.BigInteger(), primary_key=True),\n"
        "    sa.Column('account_id', sa.Integer(), sa.ForeignKey('account.id', ondelete='CASCADE')))",
        "op.drop_table('line')\nop.drop_column('account', 'note')",
    ),
]


def without_python(tmp_path):
    """An environment in which no program is found, and that no virtualenv shows in."""
    empty = tmp_path / "empty"
    empty.mkdir(exist_ok=True)
    kept = ("LIMBEC_TEST", "PG")
    return {"PATH": str(empty), **{name: value for name, value in os.environ.items() if name.startswith(kept)}}


class Bundled:
    """A project with its bundle, and a folder without either where the bundle is applied."""

    def __init__(self, tmp_path, limbec_bin, url, history=HISTORY):
        self.tmp_path, self.limbec_bin, self.url = tmp_path, limbec_bin, url
        self.project = Project(tmp_path / "project", url)
        (self.project.folder / "limbec.toml").write_text("history = true\n")
        before = None
        for revision, up, undo in history:
            self.project.add(revision, before, up=up, undo=undo)
            before = revision
        self.file = tmp_path / "out" / "history.bundle"
        self.file.parent.mkdir()

    def server(self):
        """Where databases are made for the recording."""
        if self.url.startswith("sqlite"):
            return ["--dialect", "sqlite"]
        return ["--server", os.environ["LIMBEC_TEST_POSTGRES"]]

    def build(self, *arguments):
        return self.project.run(self.limbec_bin, "bundle", "build", "-o", str(self.file), *self.server(), *arguments)

    def command(self, name, *arguments, url=None):
        return [str(self.limbec_bin), "bundle", name, str(self.file), *arguments, "--url", url or self.url]

    def apply(self, *arguments, name="apply", url=None):
        done = subprocess.run(
            self.command(name, *arguments, url=url),
            cwd=self.file.parent,
            env=without_python(self.tmp_path),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def history(self):
        """Revision, direction, outcome, hashes and heads, oldest first."""
        table = "limbec.limbec_history" if not self.url.startswith("sqlite") else "limbec_history"
        rows = fetch(
            self.url,
            f"SELECT revision, direction, outcome, file_sha256, meaning, transactional FROM {table} ORDER BY id",
        )
        return [tuple(row) for row in rows]


@pytest.fixture
def bundled(tmp_path, limbec_bin, url):
    made = Bundled(tmp_path, limbec_bin, url)
    made.build().ok()
    return made


def own(names):
    """Without limbec's own tables."""
    return [name for name in names if not name.startswith("limbec")]


def test_what_a_bundle_leaves_is_what_alembic_leaves(bundled, alembic_bin, databases_of):
    other = databases_of()
    bundled.project.write_ini(other)
    run(alembic_bin, "upgrade", "head", cwd=bundled.project.folder).ok()
    settings = bundled.project.folder / "limbec.toml"
    settings.write_text("history = false\n")
    bundled.build().ok()
    bundled.apply().ok()
    assert versions(bundled.url) == versions(other) == ["c3"]
    assert schema(bundled.url) == schema(other)
    rows = "SELECT id, name, kind, note FROM account ORDER BY id"
    assert fetch(bundled.url, rows) == fetch(other, rows)
    bundled.apply("base", "--yes", name="downgrade").ok()
    run(alembic_bin, "downgrade", "base", cwd=bundled.project.folder).ok()
    assert versions(bundled.url) == versions(other) == []
    assert schema(bundled.url) == schema(other)


def test_limbec_and_a_bundle_take_turns(bundled):
    bundled.project.run(bundled.limbec_bin, "upgrade", "a1").ok()
    bundled.apply("+1").ok()
    bundled.project.run(bundled.limbec_bin, "upgrade", "head").ok()
    bundled.apply("-1", "--yes", name="downgrade").ok()
    bundled.project.run(bundled.limbec_bin, "downgrade", "-1", "--yes").ok()
    bundled.apply().ok()
    assert versions(bundled.url) == ["c3"]
    found = bundled.history()
    assert [row[:3] for row in found] == [
        ("a1", "upgrade", "done"),
        ("b2", "upgrade", "done"),
        ("c3", "upgrade", "done"),
        ("c3", "downgrade", "done"),
        ("b2", "downgrade", "done"),
        ("b2", "upgrade", "done"),
        ("c3", "upgrade", "done"),
    ]
    # Whoever ran it, the row says the same of the file.
    assert len({row[3:5] for row in found if row[0] == "b2"}) == 1
    bundled.project.run(bundled.limbec_bin, "verify").ok()
    bundled.apply("a1", name="stamp").ok()
    assert versions(bundled.url) == ["a1"]


def test_a_changed_revision_shuts_the_gate_as_it_does_for_upgrade(bundled):
    bundled.apply("a1").ok()
    path = bundled.project.versions / "a1_.py"
    path.write_text(path.read_text().replace("String(50)", "String(60)"))
    bundled.build().ok()
    refused = bundled.apply().failed("revisions that are applied have been changed since", "a1_.py", status=1)
    assert "repair --accept" in refused.err
    assert versions(bundled.url) == ["a1"]


def test_what_is_destroyed_is_asked_for(bundled):
    bundled.apply().ok()
    refused = bundled.apply("base", name="downgrade").failed("destroys data", "`account`: 4 rows", status=1)
    assert "--yes" in refused.err
    assert versions(bundled.url) == ["c3"]


def test_a_dry_run_tells_and_touches_nothing(bundled):
    told = bundled.apply("--dry-run").ok()
    assert "CREATE TABLE account" in told.out and "Nothing was changed." in told.out
    steps = json.loads(bundled.apply("--dry-run", "--format", "json").ok().out)["steps"]
    assert [step["revision"] for step in steps] == ["a1", "b2", "c3"]
    assert any("INSERT INTO account" in sql for sql in steps[1]["statements"])
    assert tables(bundled.url) == []


def test_a_bundle_that_is_not_the_one_that_was_built_is_refused(bundled):
    whole = bundled.file.read_bytes()
    middle = len(whole) // 2
    wrong = {
        "is not whole": [whole[:middle], whole[:-1], whole + b"\n"],
        "was changed after it was built": [
            whole.replace(b"account", b"accounu", 1),
            whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        ],
        "is no bundle": [b"", b"\n", b"{}\n", whole[10:], b"\x00" * 200, whole[:20]],
        "has the form 2": [whole.replace(b'{"limbec_bundle":1', b'{"limbec_bundle":2', 1)],
    }
    for sentence, files in wrong.items():
        for content in files:
            bundled.file.write_bytes(content)
            bundled.apply().failed(sentence, status=1)
    assert tables(bundled.url) == []


def test_another_dialect_server_or_database_is_refused(bundled, tmp_path):
    other = "postgresql://u@localhost/x" if bundled.url.startswith("sqlite") else f"sqlite:///{tmp_path}/other.db"
    bundled.apply(url=other).failed("the bundle was built for", status=1)
    assert not (tmp_path / "other.db").exists()
    bundled.apply("nowhere").failed("nowhere")
    bundled.build(":b2").ok()
    bundled.project.run(bundled.limbec_bin, "upgrade", "head").ok()
    bundled.apply().failed("the version table holds c3, which this bundle does not know", status=1)
    assert versions(bundled.url) == ["c3"]
    if not bundled.url.startswith("sqlite"):
        bundled.build("--min-server", "99").ok()
        bundled.apply().failed("PostgreSQL 99 and later", status=1)


def test_a_range_has_no_sql_below_it(bundled):
    bundled.build("b2:").ok()
    bundled.apply().failed("no SQL for upgrade of a1", "outside of the range", status=1)
    assert tables(bundled.url) == []
    bundled.project.run(bundled.limbec_bin, "upgrade", "a1").ok()
    bundled.apply().ok()
    assert versions(bundled.url) == ["c3"]


def test_what_needs_python_is_named_and_refused(tmp_path, limbec_bin, url):
    reads = "rows = op.get_bind().execute(sa.text('SELECT 1')).fetchall()\nop.execute(f'SELECT {len(rows)}')"
    bundled = Bundled(tmp_path, limbec_bin, url, [*HISTORY[:2], ("d4", reads, "raise NotImplementedError")])
    refused = bundled.build()
    assert refused.status == 1
    assert "upgrade of d4: " in refused.out and "nothing was written" in refused.out
    assert not bundled.file.exists()
    found = json.loads(bundled.build("--allow-missing", "--format", "json").ok().out)
    missing = [(each["revision"], each["direction"]) for each in found["needs_python"]]
    assert missing == [("d4", "upgrade"), ("d4", "downgrade")]
    bundled.apply().failed("the bundle has no SQL for upgrade of d4", status=1)
    assert tables(url) == []
    bundled.apply("b2").ok()
    assert versions(url) == ["b2"]
    shown = run(limbec_bin, "bundle", "show", str(bundled.file), cwd=tmp_path).ok()
    assert "needs Python" in shown.out


def test_verify_lists_what_is_different(bundled):
    verify = ["bundle", "verify", str(bundled.file), *bundled.server()[:2]]
    if verify[-2] == "--dialect":
        verify = verify[:-2]
    first = bundled.file.read_bytes()
    bundled.build().ok()
    assert bundled.file.read_bytes() == first, "the same files make the same bytes"
    bundled.project.run(bundled.limbec_bin, *verify).ok()
    path = bundled.project.versions / "b2_.py"
    path.write_text(path.read_text().replace("DELETE FROM account", "DELETE FROM account WHERE true"))
    bundled.project.add("d4", "c3")
    found = bundled.project.run(bundled.limbec_bin, *verify, "--format", "json")
    assert found.status == 1
    differences = "\n".join(json.loads(found.out)["differences"])
    assert "revision d4 is not in the bundle" in differences
    assert "downgrade of b2 sends something else" in differences
    assert "upgrade of b2 sends" not in differences


def test_eight_processes_apply_one_bundle_at_once(bundled):
    environment = without_python(bundled.tmp_path)
    started = [
        subprocess.Popen(
            bundled.command("apply"), cwd=bundled.file.parent, env=environment, stderr=subprocess.PIPE, text=True
        )
        for _ in range(8)
    ]
    for process in started:
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
    assert versions(bundled.url) == ["c3"]
    assert [row[0] for row in bundled.history()] == ["a1", "b2", "c3"]
    assert fetch(bundled.url, "SELECT count(*) FROM account") == [(4,)]


@pytest.mark.parametrize("moment", [0.0, 0.05, 0.15, 0.3, 0.5, 0.8])
def test_killed_at_any_moment_the_next_run_goes_on(tmp_path, limbec_bin, postgres_databases, moment):
    steps = [
        (f"r{n}", f"op.create_table('t{n}', sa.Column('id', sa.Integer))\nop.execute('SELECT pg_sleep(0.1)')", "pass")
        for n in range(6)
    ]
    bundled = Bundled(tmp_path, limbec_bin, postgres_databases(), steps)
    bundled.build().ok()
    command = [*bundled.command("apply"), "--transaction", "per-revision"]
    process = subprocess.Popen(command, cwd=bundled.file.parent, env=without_python(tmp_path))
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    bundled.apply("--transaction", "per-revision").ok()
    assert versions(bundled.url) == ["r5"]
    assert own(tables(bundled.url)) == ["alembic_version", *[f"t{n}" for n in range(6)]]
    done = [row[0] for row in bundled.history() if row[2] == "done"]
    assert done == [f"r{n}" for n in range(6)]


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as listed:
            return listed.read().split()
    except OSError:
        return []


def test_nothing_of_python_is_started_or_mapped(tmp_path, limbec_bin, postgres_databases):
    slow = [(f"r{n}", "op.execute('SELECT pg_sleep(0.2)')", "pass") for n in range(3)]
    bundled = Bundled(tmp_path, limbec_bin, postgres_databases(), slow)
    bundled.build().ok()
    process = subprocess.Popen(bundled.command("apply"), cwd=bundled.file.parent, env=without_python(tmp_path))
    looks = 0
    while process.poll() is None:
        assert children_of(process.pid) == []
        try:
            with open(f"/proc/{process.pid}/maps") as maps:
                mapped = maps.read()
        except OSError:
            break
        assert "python" not in mapped.lower()
        looks += bool(mapped)
        time.sleep(0.005)
    assert process.wait() == 0
    assert looks > 50, "it was looked at while it ran"
    assert versions(bundled.url) == ["r2"]


def test_a_url_is_needed_and_a_password_is_never_told(bundled):
    command = [part for part in bundled.command("apply") if part not in ("--url", bundled.url)]
    done = run(command[0], *command[1:], cwd=bundled.file.parent, environment={"LIMBEC_URL": ""})
    done.failed("which database", "--url", status=2)
    if not bundled.url.startswith("sqlite"):
        lost = bundled.apply(url="postgresql://me:geheim@127.0.0.1:1/nowhere").failed("127.0.0.1")
        assert "geheim" not in lost.out + lost.err


def test_search_path_and_schema_of_the_project_hold_in_the_bundle(tmp_path, limbec_bin, postgres_databases):
    bundled = Bundled(tmp_path, limbec_bin, postgres_databases())
    settings = bundled.project.folder / "limbec.toml"
    settings.write_text('schema = "we\\"ird"\nsearch-path = true\n')
    bundled.build().ok()
    execute(bundled.url, 'CREATE SCHEMA "we""ird"')
    bundled.apply().ok()
    found = fetch(
        bundled.url,
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'we\"ird' AND relkind = 'r' ORDER BY 1",
    )
    assert [row[0] for row in found] == ["account", "alembic_version", "line"]


def test_sql_revisions_are_in_it_as_they_are_written(tmp_path, limbec_bin, url):
    bundled = Bundled(tmp_path, limbec_bin, url)
    bundled.project.run(limbec_bin, "new", "--sql", "add city").ok()
    (up,) = bundled.project.versions.glob("*add_city.up.sql")
    down = up.with_name(up.name.replace(".up.", ".down."))
    where = "${schema}."
    up.write_text(
        "-- limbec: variable city\n"
        f"CREATE TABLE {where}city (id integer PRIMARY KEY, name text); -- ünïcode\n"
        f"INSERT INTO {where}city VALUES (1, ${{city:literal}}), (2, 'a;b\\c ${{city}}');\n"
        + "".join(f"INSERT INTO {where}city VALUES ({n}, 'ß{n}');\n" for n in range(3, 3000))
    )
    down.write_text(f"DROP TABLE {where}city;\n")
    bundled.build().ok()
    shown = bundled.apply("--dry-run", "-x", "city=O'Hara").ok()
    assert "O''Hara" in shown.out and tables(url) == []
    bundled.apply().failed("city", status=1)
    assert "city" not in tables(url)
    bundled.apply("-x", "city=O'Hara").ok()
    rows = fetch(url, "SELECT name FROM city WHERE id IN (1, 2, 2999) ORDER BY id")
    assert rows == [("O'Hara",), ("a;b\\c ${city}",), ("ß2999",)]
    bundled.apply("-1", "--yes", "-x", "city=x", name="downgrade").ok()
    assert "city" not in tables(url)
    up.write_text("CREATE TABLE city (id integer);\nCREATE TABEL x;\n")
    down.unlink()
    assert "there is no" in bundled.build("-v").ok().out
    bundled.apply().failed("add_city.up.sql:2", "revision", status=1)
    assert "city" not in tables(url)


def test_an_sql_revision_outside_of_transactions(tmp_path, limbec_bin, postgres_databases):
    bundled = Bundled(tmp_path, limbec_bin, postgres_databases())
    bundled.project.run(limbec_bin, "new", "--sql", "index").ok()
    (up,) = bundled.project.versions.glob("*index.up.sql")
    up.write_text("-- limbec: no-transaction\nCREATE INDEX CONCURRENTLY by_note ON account (note);\n")
    bundled.build().ok()
    bundled.apply().ok()
    assert fetch(bundled.url, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_note'::regclass") == [(True,)]


def test_what_an_sql_revision_destroys_is_asked_for(tmp_path, limbec_bin, url):
    bundled = Bundled(tmp_path, limbec_bin, url)
    bundled.project.run(limbec_bin, "new", "--sql", "empty account").ok()
    (up,) = bundled.project.versions.glob("*empty_account.up.sql")
    up.write_text("DELETE FROM account;\n")
    bundled.build().ok()
    bundled.apply("c3").ok()
    told = bundled.apply().ok()
    assert "deletes all rows of `account`: 4 rows" in told.err


def test_limbec_and_a_bundle_take_turns_on_sql_revisions(tmp_path, limbec_bin, url):
    """Rows of the version table and of the history are the same, whoever runs a step."""
    bundled = Bundled(tmp_path, limbec_bin, url, HISTORY[:1])
    (tmp_path / "project" / "limbec.toml").write_text("history = true\nsql-revisions = 'native'\n")
    for number, slug in enumerate(("one", "two")):
        bundled.project.run(limbec_bin, "new", "--sql", slug).ok()
        (up,) = bundled.project.versions.glob(f"*_{slug}.up.sql")
        up.write_text(f"CREATE TABLE {slug} (id integer);\n" + f"INSERT INTO {slug} VALUES ({number});\n" * 20)
        up.with_name(up.name.replace(".up.", ".down.")).write_text(f"DROP TABLE {slug};\n")
    bundled.build().ok()
    limbec = [limbec_bin, "upgrade"], [limbec_bin, "downgrade"]
    for is_bundle in (True, False):
        for target in ("+1", "+1", "+1"):
            (bundled.apply(target) if is_bundle else bundled.project.run(*limbec[0], target)).ok()
            is_bundle = not is_bundle
        for _ in range(3):
            down = bundled.apply("-1", "--yes", name="downgrade") if is_bundle else None
            (down or bundled.project.run(*limbec[1], "-1", "--yes")).ok()
            is_bundle = not is_bundle
        assert versions(url) == []
    found = bundled.history()
    assert len(found) == 12 and {row[2] for row in found} == {"done"}
    revisions = [row[0] for row in found[:3]]
    for revision in revisions:
        for direction in ("upgrade", "downgrade"):
            rows = [row for row in found if row[:2] == (revision, direction)]
            # Python's SQLite makes tables outside of a transaction, and the history says so of a Python revision.
            compared = slice(None) if revision != "a1" else slice(5)
            assert len(rows) == 2 and rows[0][compared] == rows[1][compared], "limbec's row and the bundle's"
    bundled.project.run(limbec_bin, "verify").ok()


LISTENER = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "connect")
def noted(dbapi_connection, connection_record):
    {body}
"""


@pytest.mark.parametrize(
    "body",
    [
        "dbapi_connection.cursor().execute('SELECT 1')",
        "send(dbapi_connection)",
        "connection_record.dbapi_connection.rollback()",
        "record = connection_record",
        "eval('dbapi_connection')",
        "[record for record in [connection_record]]",
    ],
)
def test_a_listener_that_may_send_something_is_refused(tmp_path, limbec_bin, url, body):
    listening(tmp_path, limbec_bin, url, body).build().failed("listens to connect", status=1)


def test_a_listener_that_leaves_connections_alone_takes_no_part(tmp_path, limbec_bin, url):
    bundled = listening(tmp_path, limbec_bin, url, "import os; connection_record.info['pid'] = os.getpid()")
    bundled.build().ok()
    bundled.apply().ok()
    assert versions(url) == ["c3"]


def listening(tmp_path, limbec_bin, url, body):
    """A project whose application is told of connections."""
    bundled = Bundled(tmp_path, limbec_bin, url)
    text = LISTENER.format(body=body) + "\ndef send(connection):\n    return None\n"
    (bundled.project.folder / "application.py").write_text(text)
    bundled.project.environment["PYTHONPATH"] = str(bundled.project.folder)
    env = bundled.project.folder / "migrations" / "env.py"
    env.write_text("import application\n" + env.read_text())
    return bundled


def test_what_something_else_makes_before_the_first_revision(tmp_path, limbec_bin, postgres_databases):
    """The history begins with tables of the application."""
    before = "CREATE TABLE made_before (id integer)"
    url, template = postgres_databases(), postgres_databases()
    alter = ("a0", "op.add_column('made_before', sa.Column('x', sa.Integer()))", "op.drop_column('made_before', 'x')")
    bundled = Bundled(tmp_path, limbec_bin, url, [alter])
    refused = bundled.build()
    assert refused.status == 1 and "fails in an empty database" in refused.out
    execute(template, before)
    name = template.rpartition("/")[2]
    bundled.build("--template", name).ok()
    bundled.apply().failed("made_before", status=1)
    assert tables(url) == []
    execute(url, before)
    bundled.apply().ok()
    assert versions(url) == ["a0"]
    shown = run(limbec_bin, "bundle", "show", str(bundled.file), "--format", "json", cwd=tmp_path).ok()
    assert json.loads(shown.out)["template"] is True
    verify = [limbec_bin, "bundle", "verify", str(bundled.file), "--server", os.environ["LIMBEC_TEST_POSTGRES"]]
    bundled.project.run(*verify, "--template", name).ok()
    assert "needs Python now" in bundled.project.run(*verify).out
    bundled.build("--template", "there_is_none").failed("there_is_none", status=2)


def test_the_files_alone_tell_what_stays_out(tmp_path, limbec_bin, url):
    bundled = Bundled(tmp_path, limbec_bin, url, [*HISTORY[:1], ("d4", "sa.inspect(op.get_bind())", "pass")])
    told = bundled.project.run(limbec_bin, "bundle", "build", "--dry-run")
    assert told.status == 1
    assert "upgrade of d4: it uses sqlalchemy.inspect (line " in told.out
    assert "1 of 2 upgrades and 2 of 2 downgrades" in told.out
    assert bundled.project.run(limbec_bin, "bundle", "build", ":a1", "--dry-run").ok()
    assert not (bundled.project.folder / "migrations.bundle").exists() and not tables(url)
