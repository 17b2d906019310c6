"""Revisions whose work is SQL: run by limbec without Python, and by plain Alembic just as well."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support import databases
from support.projects import Project

UP = """-- limbec: variable owner
CREATE TABLE users (id integer PRIMARY KEY, name text DEFAULT ';', note text);
INSERT INTO ${schema}.users (id, name) VALUES (1, ${owner:literal}); -- a comment; with one
/* and ; another */ INSERT INTO users (id, name, note) VALUES (2, '100% of ${owner} :x it''s', NULL)
"""
DOWN = "DROP TABLE users"
TRIGGER = {
    "postgresql": """CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN NEW.note := 'stamped; by ${schema}'; RETURN NEW; END $body$;
CREATE TRIGGER stamp BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO users (id) VALUES (3);""",
    "sqlite": """CREATE TRIGGER stamp AFTER INSERT ON users BEGIN
  UPDATE users SET note = CASE WHEN 1 THEN 'stamped; by main' END WHERE id = NEW.id;
  SELECT 1;
END;
INSERT INTO users (id) VALUES (3);""",
}
UNTRIGGER = {"postgresql": "DROP TRIGGER stamp ON users; DROP FUNCTION stamp()", "sqlite": "DROP TRIGGER stamp;"}
NO_PYTHON = {"LIMBEC_PYTHON": "/nowhere/python"}
OWNER = ("-x", 'owner=O\'Neil \\ "x"')


def write(project, limbec_bin, description, up, down):
    """A new SQL revision; returns its identifier and the path of its SQL."""
    paths = project.run(limbec_bin, "new", "--sql", description, **NO_PYTHON).ok().out.split()
    suffixes = [os.path.basename(path).partition(".")[2] for path in paths]
    assert suffixes == ["py", "up.sql", "down.sql"]
    for path, text in zip(paths[1:], (up, down)):
        with open(path, "w") as file:
            file.write(text)
    with open(paths[0]) as file:
        return next(line.split('"')[1] if '"' in line else line.split("'")[1] for line in file if "revision = " in line)


@pytest.fixture
def project(tmp_path, url):
    return Project(tmp_path / "project", url)


@pytest.fixture
def history(project, limbec_bin, url):
    dialect = url.partition(":")[0].partition("+")[0]
    return [
        write(project, limbec_bin, "users", UP, DOWN),
        write(project, limbec_bin, "trigger", TRIGGER[dialect], UNTRIGGER[dialect]),
    ]


def content(url):
    return databases.schema(url), databases.fetch(url, "SELECT id, name, note FROM users ORDER BY id")


def test_limbec_and_alembic_leave_the_same(project, history, url, limbec_bin, alembic_bin):
    project.run(limbec_bin, *OWNER, "upgrade", "head", **NO_PYTHON).ok()
    by_limbec = content(url)
    assert by_limbec[1][0][1] == 'O\'Neil \\ "x"'
    assert by_limbec[1][1][1] == "100% of ${owner} :x it's"
    assert by_limbec[1][2][2].startswith("stamped; by ")
    assert databases.versions(url) == [history[1]]
    # Back by one, each in the other's footsteps.
    project.run(alembic_bin, "downgrade", "-1").ok()
    project.run(limbec_bin, "downgrade", "base", "--yes", **NO_PYTHON).ok()
    assert "users" not in databases.tables(url)
    project.run(alembic_bin, *OWNER, "upgrade", "head").ok()
    assert content(url) == by_limbec
    assert databases.versions(url) == [history[1]]


def test_steps_are_counted(project, history, url, limbec_bin):
    project.run(limbec_bin, *OWNER, "upgrade", "--step", "1", **NO_PYTHON).ok()
    assert databases.versions(url) == [history[0]]
    project.run(limbec_bin, *OWNER, "upgrade", "--step", "1", **NO_PYTHON).ok()
    project.run(limbec_bin, "downgrade", "--step", "2", "--yes", **NO_PYTHON).ok()
    assert databases.versions(url) == []
    project.run(limbec_bin, "upgrade", "--step", "0").failed("--step", status=2)


def test_offline_sql_is_alembics(project, history, limbec_bin, alembic_bin):
    arguments = [*OWNER, "-x", "schema=s", "upgrade", "head", "--sql"]
    by_limbec, by_alembic = project.run(limbec_bin, *arguments).ok(), project.run(alembic_bin, *arguments).ok()
    assert by_limbec.out == by_alembic.out
    assert 'INSERT INTO "s".users' in by_limbec.out


def both(project, limbec_bin, alembic_bin, *arguments):
    """Standard output of limbec without Python and of Alembic, which have to be the same."""
    by_limbec = project.run(limbec_bin, *arguments, **NO_PYTHON).ok().out
    assert by_limbec == project.run(alembic_bin, *arguments).ok().out
    return by_limbec


def test_offline_sql_without_python_is_alembics(project, history, limbec_bin, alembic_bin):
    first, second = history
    options = [*OWNER, "-x", "schema=s"]
    text = both(project, limbec_bin, alembic_bin, *options, "upgrade", "head", "--sql")
    assert f"-- Running upgrade {first} -> {second}\n" in text and "CREATE TABLE alembic_version (" in text
    for arguments in [
        ("upgrade", f"{first}:head"),
        ("upgrade", f"base:{first}"),
        ("upgrade", "head:head"),
        ("upgrade", f"{first}:+1"),
        ("downgrade", "head:base"),
        ("downgrade", f"{second}:{first}"),
        ("downgrade", f"{second}:-1"),
    ]:
        both(project, limbec_bin, alembic_bin, "-q", *options, *arguments, "--sql")


def test_offline_sql_of_branches_and_files_outside_of_transactions(project, history, limbec_bin, alembic_bin):
    outside = (
        "-- limbec: no-transaction\n/* one */ CREATE INDEX i ON users (name); -- two\nCREATE INDEX j\n\tON users (note)"
    )
    left = write(project, limbec_bin, "left", outside, "DROP INDEX i; DROP INDEX j")
    paths = project.run(limbec_bin, "new", "--sql", "right", "--head", history[1], "--splice", **NO_PYTHON).ok().out
    with open(paths.split()[1], "w") as file:
        file.write("SELECT 1;")
    options = [*OWNER, "-x", "schema=s"]
    for arguments in [
        ("upgrade", "heads"),
        ("upgrade", f"{history[1]}:{left}"),
        ("downgrade", f"{left}:{history[0]}"),
    ]:
        both(project, limbec_bin, alembic_bin, *options, *arguments, "--sql")


def test_offline_sql_with_a_transaction_a_revision(tmp_path, url, limbec_bin, alembic_bin):
    project = Project(tmp_path / "project", url, configure=", transaction_per_migration=True, version_table='of_s'")
    write(project, limbec_bin, "a", "CREATE TABLE a (x integer);", "DROP TABLE a;")
    write(project, limbec_bin, "b", "CREATE TABLE b (x integer);", "DROP TABLE b;")
    env = project.folder / "migrations" / "env.py"
    # Both modes alike, else it is not known what would be printed.
    refused = project.run(limbec_bin, "upgrade", "head", "--sql", **NO_PYTHON)
    assert refused.status != 0
    assert refused.out == ""
    env.write_text(
        env.read_text().replace(
            "literal_binds=True)", "literal_binds=True, transaction_per_migration=True, version_table='of_s')"
        )
    )
    text = both(project, limbec_bin, alembic_bin, "upgrade", "head", "--sql")
    assert text.count("COMMIT;") == (2 if url.startswith("postgresql") else 0)
    both(project, limbec_bin, alembic_bin, "downgrade", "head:base", "--sql")


def test_offline_sql_without_python_of_what_cannot_be_told(project, history, limbec_bin):
    refused = project.run(limbec_bin, "upgrade", "head", "--sql", **NO_PYTHON)
    refused.failed("the variable owner has no value")
    refused = project.run(limbec_bin, *OWNER, "upgrade", "nowhere", "--sql", **NO_PYTHON)
    refused.failed("Can't locate revision identified by 'nowhere'", status=255)
    project.add("c3", history[1], up="pass")
    refused = project.run(limbec_bin, *OWNER, "upgrade", "head", "--sql", **NO_PYTHON)
    refused.failed("/nowhere/python")


def test_why_python_runs_sql_is_told(project, history, limbec_bin, alembic_bin):
    told = project.run(limbec_bin, "-v", *OWNER, "upgrade", "+1", PGTZ="UTC").ok()
    assert "Python runs the SQL revisions: PGTZ changes the session of Python's driver\n" in told.err
    refused = project.run(limbec_bin, *OWNER, "upgrade", "head", PGTZ="UTC", **NO_PYTHON)
    refused.failed("limbec runs SQL revisions without Python, but not here: PGTZ changes")
    assert "2, run by Python: PGTZ changes" in project.run(limbec_bin, "doctor", PGTZ="UTC").out
    assert "2, run by limbec itself\n" in project.run(limbec_bin, "doctor").out
    quiet = project.run(limbec_bin, *OWNER, "upgrade", "head").ok()
    assert "Python" not in quiet.err


def test_a_dry_run_needs_no_python(project, history, url, limbec_bin):
    told = project.run(limbec_bin, *OWNER, "upgrade", "--dry-run", "head", **NO_PYTHON).ok().out
    assert "CREATE TABLE users" in told and "O''Neil" in told and "(version_num) VALUES" in told
    assert databases.versions(url) is None


def test_mixed_with_python(project, history, url, limbec_bin, alembic_bin):
    project.add("c3", history[1], up='op.add_column("users", sa.Column("extra", sa.Integer))', undo="pass")
    write(project, limbec_bin, "more", "UPDATE users SET extra = 7;", "UPDATE users SET extra = NULL")
    project.run(limbec_bin, *OWNER, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT DISTINCT extra FROM users") == [(7,)]
    # What is left is SQL alone.
    project.run(limbec_bin, "downgrade", "-1", "--yes", **NO_PYTHON).ok()
    assert databases.fetch(url, "SELECT DISTINCT extra FROM users") == [(None,)]
    project.run(alembic_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT DISTINCT extra FROM users") == [(7,)]


def test_an_edited_python_file_is_run_by_python(project, history, url, limbec_bin):
    path = next(path for path in project.versions.glob("*_users.py"))
    path.write_text(path.read_text() + "\nraise SystemExit('edited')\n")
    project.run(limbec_bin, *OWNER, "upgrade", "head").failed("edited")


def test_an_error_names_file_line_and_statement(project, history, url, limbec_bin):
    sql = next(project.versions.glob("*_trigger.up.sql"))
    good = sql.read_text()
    for bad, *told in [
        (good + "\n\nSELECT *\n  FROM nosuch;\n", "nosuch", f"{sql.name}:"),
        (good + "\nCOMMIT;\n", "COMMIT", f"{sql.name}:{good.count(chr(10)) + 2}", "no-transaction"),
        (good + "\nSELECT 'open;\n", f"{sql.name}:{good.count(chr(10)) + 2}"),
        (good + "\nSELECT ${nobody};\n", "nobody", f"{sql.name}:{good.count(chr(10)) + 2}"),
    ]:
        sql.write_text(bad)
        project.run(limbec_bin, *OWNER, "upgrade", "head", **NO_PYTHON).failed(*told, status=1)
        # On SQLite each revision is committed by itself.
        assert databases.versions(url) in (None, [], [history[0]])
    sql.write_text(good)
    project.run(limbec_bin, *OWNER, "upgrade", "head", **NO_PYTHON).ok()
    project.run(limbec_bin, "downgrade", "base", "--yes", **NO_PYTHON).ok()
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("owner", status=1)
    sql.unlink()
    project.run(limbec_bin, *OWNER, "upgrade", "head", **NO_PYTHON).failed(sql.name)


def test_without_a_way_back(project, history, url, limbec_bin):
    next(project.versions.glob("*_trigger.down.sql")).unlink()
    project.run(limbec_bin, *OWNER, "upgrade", "head", **NO_PYTHON).ok()
    project.run(limbec_bin, "downgrade", "-1", "--yes", **NO_PYTHON).failed("down.sql")
    assert databases.versions(url) == [history[1]]


def test_an_env_py_that_adds_something_is_run(project, history, url, limbec_bin):
    env = project.folder / "migrations" / "env.py"
    env.write_text("import app_models\n" + env.read_text())
    (project.folder / "app_models.py").write_text("print('imported')\n")
    ini = project.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "prepend_sys_path = .\n")
    assert "imported" in project.run(limbec_bin, *OWNER, "upgrade", "--step", "1").ok().out
    (project.folder / "limbec.toml").write_text('sql-revisions = "native"\n')
    project.run(limbec_bin, *OWNER, "upgrade", "head", **NO_PYTHON).ok()
    (project.folder / "limbec.toml").write_text('sql-revisions = "python"\n')
    assert "imported" in project.run(limbec_bin, "downgrade", "-1", "--yes").ok().out


LISTENER = """
from sqlalchemy import event
from sqlalchemy.engine import Engine


@event.listens_for(Engine, "connect")
def keys(dbapi_connection, record):
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
"""


def test_a_listener_of_env_py_is_not_passed_over(project, url, limbec_bin):
    if not url.startswith("sqlite"):
        pytest.skip("a setting of SQLite alone")
    up = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer REFERENCES a (id) ON DELETE CASCADE);"
    write(project, limbec_bin, "keys", up + "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)", "SELECT 1")
    write(project, limbec_bin, "gone", "DELETE FROM a", "SELECT 1")
    env = project.folder / "migrations" / "env.py"
    env.write_text(LISTENER + env.read_text())
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT a FROM b") == []


def test_a_pragma_without_effect_is_refused(project, url, limbec_bin):
    if not url.startswith("sqlite"):
        pytest.skip("a setting of SQLite alone")
    write(project, limbec_bin, "keys", "PRAGMA foreign_keys=off;\nCREATE TABLE a (b);\nPRAGMA foreign_keys=on;", "")
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("up.sql:3", "no-transaction", status=1)
    write_to = next(project.versions.glob("*_keys.up.sql"))
    write_to.write_text("-- limbec: no-transaction\n" + write_to.read_text() + "SELECT sqrt(4), pow(2, 2);")
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).ok()


def test_the_schema_is_that_of_the_moment(project, url, limbec_bin, alembic_bin):
    if not url.startswith("postgresql"):
        pytest.skip("PostgreSQL's search path")
    write(project, limbec_bin, "schema", "CREATE SCHEMA limbec_trusted", "DROP SCHEMA limbec_trusted CASCADE")
    write(project, limbec_bin, "table", "CREATE TABLE ${schema}.t (id integer)", "DROP TABLE ${schema}.t")
    found = "SELECT table_schema::text FROM information_schema.tables WHERE table_name = 't'"
    for program, extra in ((limbec_bin, ["--yes"]), (alembic_bin, [])):
        project.run(program, "upgrade", "head").ok()
        assert databases.fetch(url, found) == [("limbec_trusted",)]
        project.run(program, "downgrade", "base", *extra).ok()


def test_what_ran_outside_of_a_transaction_stays_done(project, url, limbec_bin):
    (project.folder / "limbec.toml").write_text("history = true\n")
    up = "CREATE TABLE a (id integer)"
    write(project, limbec_bin, "table", up, "DROP TABLE a")
    second = write(
        project, limbec_bin, "outside", "-- limbec: no-transaction\nINSERT INTO a VALUES (1);", "DELETE FROM a"
    )
    write(project, limbec_bin, "fails", "SELECT nosuch FROM a", "SELECT 1")
    for _ in range(2):
        project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("nosuch", status=1)
        assert databases.versions(url) == [second]
        assert databases.fetch(url, "SELECT id FROM a") == [(1,)]


def test_options_of_the_engine_are_pythons(project, url, limbec_bin):
    if not url.startswith("postgresql"):
        pytest.skip("an isolation level of PostgreSQL")
    env = project.folder / "migrations" / "env.py"
    made = "engine_from_config(context.config.get_section('alembic'), poolclass=pool.NullPool).connect()"
    text = env.read_text().replace("create_engine(url, poolclass=pool.NullPool).connect()", made)
    env.write_text(text.replace("import create_engine", "import engine_from_config"))
    ini = project.folder / "alembic.ini"
    ini.write_text(ini.read_text() + "sqlalchemy.isolation_level = SERIALIZABLE\n")
    up = "CREATE TABLE z AS SELECT current_setting('transaction_isolation') AS z"
    write(project, limbec_bin, "isolation", up, "DROP TABLE z")
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT z FROM z") == [("serializable",)]


def test_an_unusual_session_is_pythons(project, url, limbec_bin):
    if not url.startswith("postgresql"):
        pytest.skip("settings of PostgreSQL")
    write(project, limbec_bin, "zone", "CREATE TABLE z AS SELECT current_setting('TimeZone') AS z", "DROP TABLE z")
    project.run(limbec_bin, "upgrade", "head", PGTZ="Asia/Tokyo").ok()
    assert databases.fetch(url, "SELECT z FROM z") == [("Asia/Tokyo",)]
    project.run(limbec_bin, "downgrade", "base", "--yes").ok()
    name = url.rpartition("/")[2]
    databases.execute(url, f"ALTER DATABASE \"{name}\" SET datestyle = 'SQL, DMY'")
    next(project.versions.glob("*_zone.up.sql")).write_text("CREATE TABLE z AS SELECT DATE '2020-01-02'::text AS z")
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT z FROM z") == [("2020-01-02",)]


def test_foreign_keys_are_as_alembic_has_them(project, url, limbec_bin, alembic_bin):
    if not url.startswith("sqlite"):
        pytest.skip("a setting of SQLite alone")
    up = "CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a integer REFERENCES a (id));"
    write(project, limbec_bin, "keys", up + "INSERT INTO b VALUES (1)", "DROP TABLE a; DROP TABLE b")
    for program, extra in ((limbec_bin, ["--yes"]), (alembic_bin, [])):
        project.run(program, "upgrade", "head").ok()
        assert databases.fetch(url, "SELECT a FROM b") == [(1,)]
        project.run(program, "downgrade", "base", *extra).ok()


def test_outside_of_a_transaction(project, url, limbec_bin, alembic_bin):
    statement = "CREATE INDEX CONCURRENTLY" if url.startswith("postgresql") else "CREATE INDEX"
    outside = "VACUUM" if url.startswith("sqlite") else "VACUUM users"
    first = write(project, limbec_bin, "users", "CREATE TABLE users (id integer, name text)", DOWN)
    up = f"-- limbec: no-transaction\n{statement} i ON users (id);\n{statement} j ON users (name);\n{outside}"
    second = write(project, limbec_bin, "index", up, "DROP INDEX i; DROP INDEX j")
    for program, extra in ((limbec_bin, ["--yes"]), (alembic_bin, [])):
        project.run(program, "upgrade", "head").ok()
        assert databases.versions(url) == [second]
        project.run(program, "downgrade", "base", *extra).ok()
    sql = next(project.versions.glob("*_index.up.sql"))
    sql.write_text(up.replace("users (name)", "nosuch (name)"))
    done = project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("nosuch", f"{sql.name}:3", status=1)
    assert "committed already" in done.err
    assert databases.versions(url) == [first]


def test_what_was_killed_goes_on(project, url, limbec_bin, tmp_path):
    """Between statements and in them; with one transaction a revision nothing is left half done."""
    rows = "\n".join(f"INSERT INTO things VALUES ({number}, '{'x' * 200}');" for number in range(4000))
    ids = [
        write(
            project, limbec_bin, "things", "CREATE TABLE things (id integer PRIMARY KEY, t text)", "DROP TABLE things"
        )
    ]
    for part in range(3):
        text = rows.replace("VALUES (", f"VALUES ({part}0000 + ")
        ids.append(write(project, limbec_bin, f"rows {part}", text, f"DELETE FROM things WHERE id >= {part}0000"))
    command = [str(limbec_bin), "upgrade", "--transaction", "per-revision", "head"]
    kills = 0
    for delay in (0.02, 0.05, 0.08, 0.12, 0.17, 0.25):
        with subprocess.Popen(
            command, cwd=project.folder, stderr=subprocess.DEVNULL, env={**os.environ, **NO_PYTHON}
        ) as process:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        kills += process.returncode == -signal.SIGKILL
        current = (databases.versions(url) or [None]) or [None]
        done = ids.index(current[0]) if current and current[0] else None
        if done is not None:
            assert databases.fetch(url, "SELECT count(*) FROM things") == [(4000 * done,)]
    assert kills
    project.run(limbec_bin, "upgrade", "--lock-wait", "30s", "head", **NO_PYTHON).ok()
    assert databases.fetch(url, "SELECT count(*) FROM things") == [(12000,)]


def test_a_large_file_is_not_held_in_memory(project, url, limbec_bin):
    sql_id = write(project, limbec_bin, "large", "", "DROP TABLE large")
    path = next(project.versions.glob("*_large.up.sql"))
    line = "INSERT INTO large VALUES ({}, '" + "x" * 10000 + "');\n"
    with path.open("w") as file:
        file.write("CREATE TABLE large (id integer, t text);\n")
        for number in range(20_000):
            file.write(line.format(number) if number % 100 == 0 else f"/* {'y' * 10000} */ SELECT {number};\n")
    assert path.stat().st_size > 190_000_000
    # A process begins with the peak of the one that it was forked from: a small one is put in between.
    measure = (
        "import resource, subprocess, sys\n"
        "subprocess.run(sys.argv[1:], check=True)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    peak = project.run(sys.executable, "-S", "-c", measure, str(limbec_bin), "upgrade", "head", **NO_PYTHON).ok().out
    assert int(peak) < 60 * 1024, f"{int(peak) / 1024:.0f} MB"
    assert databases.versions(url) == [sql_id]
    assert databases.fetch(url, "SELECT count(*) FROM large") == [(200,)]


TORN = "-- limbec: no-transaction\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\n\nINSERT INTO {} VALUES (3);\n"


@pytest.mark.parametrize("way", ["native", "python"])
def test_a_file_that_failed_outside_of_a_transaction_goes_on_where_it_failed(
    project, url, limbec_bin, alembic_bin, way
):
    settings = project.folder / "limbec.toml"
    settings.write_text(f'history = true\nsql-revisions = "{way}"\n')
    first = write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    second = write(project, limbec_bin, "rows", TORN.format("nosuch"), "DELETE FROM a")
    sql = next(project.versions.glob("*_rows.up.sql"))
    numbers = "SELECT id FROM a ORDER BY id"
    failed = project.run(limbec_bin, "upgrade", "head").failed("nosuch", f"{sql.name}:5, statement 3", status=1)
    assert f"the first 2 statements of revision {second} are committed already" in failed.err
    for _ in range(2):
        told = project.run(limbec_bin, "upgrade", "head").failed(f"{sql.name}:5, statement 3", status=1)
        assert "its first 2 statements are committed" in told.err and f"repair --continue {second}" in told.err
    assert databases.fetch(url, numbers) == [(1,), (2,)]
    found = project.run(limbec_bin, "verify").failed(status=1)
    assert "after its first 2 statements were committed" in found.out
    assert project.run(limbec_bin, "repair", "--yes").status == 1
    project.run(limbec_bin, "repair", "--continue", f"{second}:x").failed("no number", status=2)
    project.run(limbec_bin, "repair", "--continue", second, "--undone", second).failed("goes on", status=2)
    project.run(limbec_bin, "repair", "--yes", "--continue", second).ok()
    # What is committed must not be another text by now.
    sql.write_text(TORN.format("a").replace("(2)", "(20)"))
    project.run(limbec_bin, "upgrade", "head").failed("first 2 statements", "--continue", f"{sql.name}:3", status=1)
    assert databases.fetch(url, numbers) == [(1,), (2,)]
    sql.write_text(TORN.format("a"))
    project.run(limbec_bin, "repair", "--yes", "--continue", second).ok()
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, numbers) == [(1,), (2,), (3,)]
    assert databases.versions(url) == [second]
    project.run(limbec_bin, "verify").ok()
    # Alembic, which keeps no book, runs the first statements twice.
    project.run(limbec_bin, "downgrade", first, "--yes").ok()
    sql.write_text(TORN.format("nosuch"))
    for _ in range(2):
        assert project.run(alembic_bin, "upgrade", "head").status == 1
    assert databases.fetch(url, numbers) == [(1,), (1,), (2,), (2,)]


def test_what_is_committed_in_part_is_undone_or_completed_by_hand(project, url, limbec_bin):
    (project.folder / "limbec.toml").write_text("history = true\n")
    write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    second = write(project, limbec_bin, "rows", TORN.format("nosuch"), "DELETE FROM a")
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("nosuch", status=1)
    databases.execute(url, "DELETE FROM a")
    project.run(limbec_bin, "repair", "--yes", "--undone", second, **NO_PYTHON).ok()
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("statement 3", status=1)
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]
    # Somebody knows better than the history.
    sql = next(project.versions.glob("*_rows.up.sql"))
    sql.write_text(TORN.format("a").replace("(2)", "(20)"))
    project.run(limbec_bin, "repair", "--yes", "--continue", f"{second}:1", **NO_PYTHON).ok()
    sql.write_text(TORN.format("nosuch").replace("(2)", "(20)"))
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).failed("statement 3", status=1)
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (20,)]
    project.run(limbec_bin, "repair", "--yes", "--done", second, **NO_PYTHON).ok()
    assert databases.versions(url) == [second]
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).ok()


def torn(project, limbec_bin, text, way="native", down="DELETE FROM a"):
    """A project whose second revision failed outside of a transaction; its identifiers and the path of the SQL."""
    (project.folder / "limbec.toml").write_text(f'history = true\nsql-revisions = "{way}"\n')
    ids = [write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")]
    ids.append(write(project, limbec_bin, "rows", f"-- limbec: no-transaction\n{text}", down))
    project.run(limbec_bin, "upgrade", "head").failed("nosuch", status=1)
    return ids, next(project.versions.glob("*_rows.up.sql"))


SESSIONS = {
    "postgresql": (
        "CREATE SCHEMA app; SET search_path = app, public; INSERT INTO nosuch VALUES (1); CREATE TABLE b (id integer);",
        "SELECT schemaname FROM pg_tables WHERE tablename = 'b'",
        [("app",)],
        "CREATE TEMP TABLE x (id integer);",
        "a temporary object",
    ),
    "sqlite": (
        "PRAGMA foreign_keys = ON; CREATE TABLE p (id integer PRIMARY KEY);"
        "CREATE TABLE c (p REFERENCES p ON DELETE CASCADE);"
        "INSERT INTO p VALUES (1); INSERT INTO c VALUES (1); INSERT INTO nosuch VALUES (1); DELETE FROM p;",
        "SELECT * FROM c",
        [],
        "ATTACH ':memory:' AS x;",
        "an attached database",
    ),
}


@pytest.mark.parametrize("way", ["native", "python"])
def test_a_file_that_goes_on_has_the_settings_that_its_first_statements_made(project, url, limbec_bin, way):
    text, query, expected, made, told = SESSIONS[url.partition(":")[0].partition("+")[0]]
    (_, second), sql = torn(project, limbec_bin, text, way)
    sql.write_text(
        sql.read_text().replace("nosuch VALUES (1)", "a VALUES (1)").replace("INTO a", f"INTO {MAIN[url[:3]]}.a")
    )
    project.run(limbec_bin, "repair", "--yes", "--continue", second).ok()
    going = project.run(limbec_bin, "upgrade", "head").ok()
    assert f"the upgrade of {second} is half done and goes on behind statement" in going.err
    assert databases.fetch(url, query) == expected
    # What sending it again does not make is refused, by the repair and by the run.
    third = write(
        project, limbec_bin, "session", f"-- limbec: no-transaction\n{made}\nINSERT INTO nosuch VALUES (1)", ""
    )
    project.run(limbec_bin, "upgrade", "head").failed("nosuch", status=1)
    refused = project.run(limbec_bin, "repair", "--yes", "--continue", third)
    assert refused.status == 1 and told in refused.err and "line 2" in refused.err and f"--done {third}" in refused.err


MAIN = {"pos": "public", "sql": "main"}


@pytest.mark.parametrize("way", ["native", "python"])
@pytest.mark.parametrize("change", ["transactional", "ordinary"])
def test_what_is_committed_is_not_run_again_by_another_kind_of_file(project, url, limbec_bin, way, change):
    (_, second), sql = torn(project, limbec_bin, TORN.format("nosuch").partition("\n")[2], way)
    project.run(limbec_bin, "repair", "--yes", "--continue", second).ok()
    fine = TORN.format("a")
    sql.write_text(fine.partition("\n")[2] if change == "transactional" else fine)
    python = next(project.versions.glob("*_rows.py"))
    before = python.read_text()
    if change == "ordinary":
        python.write_text(before.replace("def upgrade() -> None:", "def upgrade() -> None:\n    changed = 1"))
        assert python.read_text() != before
    for _ in range(2):
        refused = project.run(limbec_bin, "upgrade", "head").failed(
            f"first 2 statements of revision {second}", status=1
        )
        assert f"repair --undone {second}" in refused.err
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]
    project.run(limbec_bin, "repair", "--yes", "--continue", second).failed(status=1)
    python.write_text(before)
    sql.write_text(fine)
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,)]


def test_what_was_said_of_a_step_that_goes_on_can_be_taken_back(project, url, limbec_bin):
    (first, second), sql = torn(project, limbec_bin, TORN.format("nosuch").partition("\n")[2])
    refused = project.run(limbec_bin, "repair", "--yes", "--continue", f"{second}:99")
    assert refused.status == 1 and "the file has 3 statements" in refused.err
    sql.write_text(TORN.format("a"))
    project.run(limbec_bin, "repair", "--yes", "--continue", second).ok()
    said = project.run(limbec_bin, "repair", "--yes", "--continue", f"{second}:1").ok()
    assert "goes on behind statement 1" in said.out
    project.run(limbec_bin, "repair", "--yes", "--undone", second).ok()
    databases.execute(url, "DELETE FROM a")
    assert "goes on" not in project.run(limbec_bin, "upgrade", "head").ok().err
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,)]


def test_a_downgrade_that_failed_outside_of_a_transaction_is_mended(project, url, limbec_bin):
    (project.folder / "limbec.toml").write_text("history = true\n")
    write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    second = write(project, limbec_bin, "rows", "INSERT INTO a VALUES (7)", TORN.format("nosuch"))
    project.run(limbec_bin, "upgrade", "head").ok()
    project.run(limbec_bin, "downgrade", "-1", "--yes").failed("nosuch", status=1)
    for command in (["upgrade", "head"], ["downgrade", "-1", "--yes"]):
        project.run(limbec_bin, *command).failed("its first 2 statements are committed", status=1)
    next(project.versions.glob("*_rows.down.sql")).write_text(TORN.format("a"))
    project.run(limbec_bin, "repair", "--yes", "--continue", second).ok()
    for command in (["upgrade", "head"], ["downgrade", "-1", "--yes"]):
        assert f"the downgrade of {second} is half done" in project.run(limbec_bin, *command).ok().err
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,), (7,)]


def test_a_file_that_is_done_is_no_part_of_a_later_failure(project, url, limbec_bin):
    (project.folder / "limbec.toml").write_text("history = true\n")
    write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    second = write(project, limbec_bin, "rows", TORN.format("a"), "DELETE FROM a")
    write(project, limbec_bin, "fails", "INSERT INTO nosuch VALUES (1)", "SELECT 1")
    failed = project.run(limbec_bin, "upgrade", "head").failed("nosuch", status=1)
    assert "committed already" not in failed.err
    assert databases.versions(url) == [second]


@pytest.mark.parametrize("way", ["native", "python"])
def test_a_transaction_that_a_file_leaves_open(project, url, limbec_bin, way):
    (project.folder / "limbec.toml").write_text(f'sql-revisions = "{way}"\n')
    first = write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    up = "-- limbec: no-transaction\nBEGIN;\nINSERT INTO a VALUES (1);\nCOMMIT;\nBEGIN;\nINSERT INTO a VALUES (2);"
    second = write(project, limbec_bin, "open", up, "DELETE FROM a")
    sql = next(project.versions.glob("*_open.up.sql"))
    project.run(limbec_bin, "upgrade", "head").failed("is not ended", f"{sql.name}:5", status=1)
    assert databases.versions(url) == [first]
    assert databases.fetch(url, "SELECT id FROM a") == [(1,)]
    databases.execute(url, "DELETE FROM a")
    sql.write_text(up + "COMMIT")
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.versions(url) == [second]
    assert databases.fetch(url, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]


def test_a_statement_that_python_runs_is_named_as_well(project, history, url, limbec_bin):
    project.add("c3", history[1], up="pass")
    text = "SELECT 1;\n\nSELECT\n  x FROM nosuch;"
    write(project, limbec_bin, "fails", text, "SELECT 1")
    sql = next(project.versions.glob("*_fails.up.sql"))
    # psycopg says where in the statement, SQLite's driver does not.
    line = 4 if url.startswith("postgresql") else 3
    told = project.run(limbec_bin, *OWNER, "upgrade", "head").failed(f"{sql.name}:{line}, statement 2", status=1)
    assert "Traceback" not in told.err and "sql_files" not in told.err
    sql.write_text("-- limbec: variable nobody\n\nSELECT ${nobody:literal};")
    project.run(limbec_bin, *OWNER, "upgrade", "head").failed("nobody", f"{sql.name}:", status=1)


def test_what_fails_at_the_end_of_its_transaction_names_the_revision(project, url, limbec_bin):
    if not url.startswith("postgresql"):
        pytest.skip("constraints that are looked at later")
    up = "CREATE TABLE a (id integer PRIMARY KEY, p integer REFERENCES a DEFERRABLE INITIALLY DEFERRED);"
    first = write(project, limbec_bin, "table", up, "DROP TABLE a")
    second = write(project, limbec_bin, "row", "INSERT INTO a VALUES (1, 2)", "DELETE FROM a")
    arguments = ["upgrade", "--transaction", "per-revision", "head"]
    project.run(limbec_bin, *arguments, **NO_PYTHON).failed(f"revision {second}: ", "23503", "COMMIT", status=1)
    assert databases.versions(url) == [first]


ENV_WITHOUT_TRANSACTION = ("with context.begin_transaction():\n", "if True:\n")


def test_an_env_py_without_a_transaction_is_run_as_alembic_runs_it(project, url, limbec_bin, alembic_bin):
    write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    env = project.folder / "migrations" / "env.py"
    text = env.read_text()
    assert ENV_WITHOUT_TRANSACTION[0] in text
    env.write_text(text.replace(*ENV_WITHOUT_TRANSACTION))
    left = []
    for program in (alembic_bin, limbec_bin):
        project.run(program, "upgrade", "head").ok()
        left.append((databases.tables(url), databases.versions(url)))
        databases.execute(url, "DROP TABLE IF EXISTS a", "DROP TABLE IF EXISTS alembic_version")
    assert left[0] == left[1]


def test_blanks_that_were_pasted(project, url, limbec_bin, alembic_bin):
    blank = "\u00a0"
    insert = f"{blank}INSERT INTO a VALUES (1, 'x{blank}'){blank};\u2003\n{blank}"
    up = f"{blank}-- limbec: variable owner\nCREATE TABLE a (id integer, t text);{blank}\n{insert}"
    write(project, limbec_bin, "pasted", up, "DROP TABLE a")
    for program, extra in ((limbec_bin, {"LIMBEC_PYTHON": "/nowhere/python"}), (alembic_bin, {})):
        project.run(program, "-x", "owner=me", "upgrade", "head", **extra).ok()
        assert databases.fetch(url, "SELECT t FROM a") == [("x\u00a0",)]
        project.run(alembic_bin, "downgrade", "base").ok()


@pytest.mark.parametrize("way", ["native", "python"])
def test_strings_are_read_in_one_way(project, url, limbec_bin, way):
    if not url.startswith("postgresql"):
        pytest.skip("a setting of PostgreSQL")
    (project.folder / "limbec.toml").write_text(f'sql-revisions = "{way}"\n')
    sets = "SET standard_conforming_strings = on;\nCREATE TABLE a (t text);\n"
    other = [
        "SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false);",
        "DO $$BEGIN EXECUTE 'SET standard_' || 'conforming_strings TO off'; END$$;",
        "SET LOCAL standard_conforming_strings = off;",
    ]
    write(project, limbec_bin, "strings", sets, "DROP TABLE a")
    sql = next(project.versions.glob("*_strings.up.sql"))
    for text in other:
        sql.write_text(sets + text + "\nINSERT INTO a VALUES ('a\\\\b');")
        project.run(limbec_bin, "upgrade", "head").failed("standard_conforming_strings", f"{sql.name}:", status=1)
        assert databases.versions(url) in (None, [])
    sql.write_text(sets + "INSERT INTO a VALUES ('a\\b'), (E'c\\\\d');")
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT t FROM a") == [("a\\b",), ("c\\d",)]
    project.run(limbec_bin, "downgrade", "base", "--yes").ok()
    name = url.rpartition("/")[2]
    databases.execute(url, f'ALTER DATABASE "{name}" SET standard_conforming_strings = off')
    sql.write_text("CREATE TABLE a (t text);\nINSERT INTO a VALUES ('a\\b');")
    project.run(limbec_bin, "upgrade", "head").failed("standard_conforming_strings", f"{sql.name}:2", status=1)
    sql.write_text("CREATE TABLE a (t text);\nINSERT INTO a VALUES (E'a\\\\b');")
    project.run(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT t FROM a") == [("a\\b",)]


SLOW = {
    "postgresql": "SELECT pg_sleep(60)",
    "sqlite": "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
}


def begun(project, limbec_bin, way, *words):
    """An upgrade that has come to its last step."""
    (project.folder / "limbec.toml").write_text(f'history = true\nsql-revisions = "{way}"\n')
    process = subprocess.Popen(
        [str(limbec_bin), "upgrade", *words, "head"],
        cwd=project.folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    for line in process.stderr:
        lines.append(line)
        if "slow" in line:
            break
    time.sleep(0.5)
    assert process.poll() is None, lines
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_long_statement(project, url, limbec_bin, number):
    dialect = url.partition(":")[0].partition("+")[0]
    first = write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    write(project, limbec_bin, "slow", f"INSERT INTO a VALUES (1);\n{SLOW[dialect]};", "SELECT 1")
    process = begun(project, limbec_bin, "native", "--transaction", "per-revision")
    process.send_signal(number)
    told = process.communicate(timeout=20)[1]
    assert process.returncode == 128 + number, told
    assert "error: interrupted" in told and "rolled back" in told
    assert databases.versions(url) == [first]
    assert databases.fetch(url, "SELECT id FROM a") == []
    # Nothing is left to repair.
    next(project.versions.glob("*_slow.up.sql")).write_text("SELECT 1")
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).ok()


@pytest.mark.parametrize("mode", [{}, {"LIMBEC_PYTHON_MODE": "child"}], ids=["chosen", "child"])
def test_a_signal_has_python_roll_back(project, url, limbec_bin, mode):
    project.add("a1", up='op.create_table("a", sa.Column("id", sa.Integer))')
    slow = ["import time", 'op.execute("INSERT INTO a VALUES (1)")', 'print("begun", flush=True)', "time.sleep(60)"]
    project.add("b2", "a1", up="; ".join(slow))
    (project.folder / "limbec.toml").write_text("history = true\n")
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        process = subprocess.Popen(
            [str(limbec_bin), "upgrade", "--transaction", "per-revision", "head"],
            cwd=project.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **mode},
            text=True,
        )
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        told = process.communicate(timeout=20)[1]
        assert process.returncode == 128 + number, told
        assert "error: interrupted" in told and "Traceback" not in told
        assert databases.versions(url) == ["a1"]
        assert databases.fetch(url, "SELECT id FROM a") == []


def test_a_signal_ends_waiting_for_a_lock(project, url, limbec_bin):
    if not url.startswith("sqlite"):
        pytest.skip("SQLite's busy handler")
    import sqlite3

    first = write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    project.run(limbec_bin, "upgrade", "head", **NO_PYTHON).ok()
    write(project, limbec_bin, "slow", "-- limbec: no-transaction\nSELECT 1", "SELECT 1")
    with sqlite3.connect(url.partition("///")[2]) as other:
        (project.folder / "limbec.toml").write_text("history = false\n")
        other.execute("BEGIN IMMEDIATE")
        process = subprocess.Popen(
            [str(limbec_bin), "upgrade", "--lock-timeout", "60s", "head"], cwd=project.folder, stderr=subprocess.PIPE
        )
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=20)[1]
        assert process.returncode == 143, told
    assert databases.versions(url) == [first]


def test_waiting_for_a_locked_file_has_the_limit_that_is_asked_for(project, url, limbec_bin):
    if not url.startswith("sqlite"):
        pytest.skip("SQLite's busy handler")
    import sqlite3

    (project.folder / "limbec.toml").write_text("history = true\n")
    write(project, limbec_bin, "table", "CREATE TABLE a (id integer)", "DROP TABLE a")
    other = sqlite3.connect(url.partition("///")[2])
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("BEGIN IMMEDIATE")
    words = ["upgrade", "--lock-timeout", "300ms", "--retries", "0", "head"]
    told = project.run(limbec_bin, *words, **NO_PYTHON).failed("locked", status=1)
    assert "0.3" in told.err
    other.close()
