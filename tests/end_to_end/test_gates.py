"""Gates before a plan runs: what it destroys is measured, and somebody has to agree."""

import os
import pty
import select
import signal
import subprocess
import time

import pytest
from support import databases
from support.projects import Project

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("phone", sa.Text))'
WITHOUT_PHONE = 'with op.batch_alter_table("users") as batch:\n    batch.drop_column("phone")'


@pytest.fixture
def project(tmp_path, url, limbec_bin):
    """Users with a phone number, three of them, and a revision that drops the number; at the first revision."""
    project = Project(tmp_path / "project", url)
    project.add("a1", up=USERS, undo='op.drop_table("users")')
    project.add("b1", "a1", up=WITHOUT_PHONE, undo='op.add_column("users", sa.Column("phone", sa.Text))')
    project.run(limbec_bin, "upgrade", "a1").ok()
    databases.execute(url, "INSERT INTO users (id, phone) VALUES (1, '+1'), (2, NULL), (3, '+3')")
    return project


def settings(project, text):
    (project.folder / "limbec.toml").write_text(text)


def at(project):
    return databases.versions(project.url)


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, program, *arguments, cwd, environment=()):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            wanted = {**os.environ, **dict(environment), "TERM": "xterm"}
            wanted.pop("CI", None)
            os.execve(str(program), [str(program), *arguments], wanted)
        self.text = ""

    def read(self, until=None):
        """Reads up to a text, or to the end."""
        deadline = time.monotonic() + 60
        while until is None or until not in self.text:
            assert time.monotonic() < deadline, self.text
            if select.select([self.terminal], [], [], 1)[0]:
                try:
                    self.text += os.read(self.terminal, 4096).decode(errors="replace")
                except OSError:
                    break
        return self.text

    def answer(self, keys):
        os.write(self.terminal, keys.encode())

    def status(self):
        """Exit status as a shell has it."""
        self.read()
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.terminal)
        return status if status >= 0 else 128 - status


def asked(project, limbec_bin, *arguments):
    terminal = Terminal(limbec_bin, *arguments, cwd=project.folder)
    terminal.read(until="[y/N]")
    return terminal


def test_an_upgrade_without_a_terminal_runs_and_says_what_it_destroys(project, limbec_bin):
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "warning: this upgrade destroys data in " in done.err
    assert "  b1 drops the column `users.phone`: 2 values\n" in done.err
    assert done.out == ""
    assert at(project) == ["b1"]


def test_an_upgrade_that_destroys_needs_consent_where_the_settings_say_so(project, limbec_bin):
    for setting, option in {"confirm": "--yes", "flag": "--allow-destructive"}.items():
        settings(project, f'destructive = "{setting}"\n')
        refused = project.run(limbec_bin, "upgrade", "head")
        refused.failed("b1 drops the column `users.phone`: 2 values", f"`{option}` agrees to it", status=1)
        assert at(project) == ["a1"]
    project.run(limbec_bin, "upgrade", "head", "--yes").failed("`--allow-destructive`", status=1)
    project.run(limbec_bin, "upgrade", "head", "--allow-destructive").ok()
    assert at(project) == ["b1"]


def test_a_downgrade_that_destroys_rows_needs_consent(project, limbec_bin):
    refused = project.run(limbec_bin, "downgrade", "base")
    refused.failed("this downgrade to base destroys data", "a1 drops the table `users`: 3 rows, ", status=1)
    assert at(project) == ["a1"]
    assert databases.fetch(project.url, "SELECT count(*) FROM users") == [(3,)]
    project.run(limbec_bin, "downgrade", "base", "--yes").ok()
    assert at(project) == []


def test_the_environment_can_agree_for_scripts(project, limbec_bin):
    project.run(limbec_bin, "downgrade", "base", LIMBEC_YES="0").failed(status=1)
    project.run(limbec_bin, "downgrade", "base", LIMBEC_YES="1").ok()
    assert at(project) == []


def test_nothing_is_asked_where_nothing_is_lost(project, limbec_bin):
    databases.execute(project.url, "DELETE FROM users")
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "warning" not in done.err
    done = project.run(limbec_bin, "downgrade", "base").ok()
    assert "no data is lost" in done.err
    assert "a1 drops the table `users`: no rows" in done.err
    assert at(project) == []


def test_what_the_plan_made_itself_is_no_loss(project, limbec_bin, databases_of, tmp_path):
    fresh = Project(tmp_path / "fresh", databases_of())
    fresh.add("a1", up=USERS + '\nop.execute("INSERT INTO users (id) VALUES (1)")', undo="pass")
    fresh.add("b1", "a1", up=WITHOUT_PHONE)
    fresh.add("c1", "b1", up='op.drop_table("users")')
    settings(fresh, 'destructive = "flag"\n')
    done = fresh.run(limbec_bin, "upgrade", "head").ok()
    assert "destroys" not in done.err


def test_a_downgrade_of_what_cannot_be_read_runs_with_a_warning_but_not_to_base(project, limbec_bin):
    build = 'op.execute(str(sa.select(sa.literal_column("1"))))'
    project.add("b1", "a1", undo=build)
    project.run(limbec_bin, "upgrade", "head").ok()
    databases.execute(project.url, "DELETE FROM users")
    assert "`op.execute` was not analysed" in project.run(limbec_bin, "downgrade", "a1").ok().err
    project.run(limbec_bin, "upgrade", "head").ok()
    refused = project.run(limbec_bin, "downgrade", "base")
    refused.failed("b1 line ", "`op.execute` was not analysed", "`--yes` agrees to it", status=1)
    assert at(project) == ["b1"]
    project.run(limbec_bin, "downgrade", "base", "-y").ok()


def test_an_upgrade_of_what_cannot_be_read_runs_with_a_warning(project, limbec_bin, databases_of, tmp_path):
    project.add("b1", "a1", up='op.execute(str(sa.select(sa.literal_column("1"))))')
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "warning: this upgrade runs 1 revision in " in done.err
    assert "; not everything that it does was understood" in done.err
    assert "`op.execute` was not analysed: the SQL is computed" in done.err
    # There is nothing yet that a plan from the beginning could destroy.
    project.url = databases_of()
    fresh = project.run(limbec_bin, "--url", project.url, "upgrade", "head").ok()
    assert "not analysed" not in fresh.err


COMPUTED = """CREATE FUNCTION f(n text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DELETE FROM ' || n; END $$"""


@pytest.mark.parametrize(
    "undo",
    [f"{COMPUTED}; SELECT f('users')", "DO $$ BEGIN EXECUTE format('TRUNCATE %I', 'users'); END $$"],
)
def test_computed_sql_is_named_whatever_the_target(project, limbec_bin, undo):
    if not project.url.startswith("postgresql"):
        pytest.skip("PostgreSQL's SQL")
    project.add("b1", "a1", undo=f'op.execute("""{undo}""")')
    project.run(limbec_bin, "upgrade", "head").ok()
    said = "was not analysed: it runs computed SQL"
    assert said in project.run(limbec_bin, "downgrade", "-1").ok().err
    project.run(limbec_bin, "upgrade", "head").ok()
    project.run(limbec_bin, "downgrade", "base").failed(said, "`--yes` agrees to it", status=1)


@pytest.mark.parametrize(
    ("undo", "told"),
    [
        (
            "MERGE INTO users USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE",
            "b1 deletes rows of `users`: some of 3 rows",
        ),
        (
            "MERGE INTO users USING (SELECT 1) x ON true WHEN MATCHED THEN UPDATE SET phone = NULL",
            "b1 overwrites values of `users.phone`: some of 2 values",
        ),
        (
            "DO $$ BEGIN CASE 1 WHEN 1 THEN DELETE FROM users; ELSE NULL; END CASE; END $$",
            "b1 on a condition deletes all rows of `users`: 3 rows",
        ),
        ("UPDATE users SET (phone, id) = (NULL, id)", "b1 overwrites `users.phone`: 2 values"),
        ("UPDATE users SET phone = '' WHERE true", "b1 overwrites values of `users.phone`: some of 2 values"),
        ("PREPARE q AS DELETE FROM users; EXECUTE q", "b1 deletes all rows of `users`: 3 rows"),
        ("EXPLAIN ANALYZE DELETE FROM users", "b1 deletes all rows of `users`: 3 rows"),
    ],
)
def test_a_downgrade_by_sql_that_destroys_is_refused(project, limbec_bin, undo, told):
    if not project.url.startswith("postgresql"):
        pytest.skip("PostgreSQL's SQL")
    project.add("b1", "a1", undo=f'op.execute("""{undo}""")')
    project.run(limbec_bin, "upgrade", "head").ok()
    project.run(limbec_bin, "downgrade", "-1").failed(told, "`--yes` agrees to it", status=1)
    assert databases.fetch(project.url, "SELECT count(*) FROM users") == [(3,)]
    project.run(limbec_bin, "downgrade", "-1", "--yes").ok()
    assert at(project) == ["a1"]


def test_production_needs_flags_and_never_asks(project, limbec_bin):
    patterns = {"postgresql": "postgresql://*/limbec_*", "sqlite": "sqlite:///*database*.db"}
    pattern = patterns["sqlite" if project.url.startswith("sqlite") else "postgresql"]
    settings(project, f'production = ["mysql://*", "{pattern}"]\n')
    refused = project.run(limbec_bin, "upgrade", "head", "--yes")
    refused.failed("`--allow-destructive` agrees to it: the settings call this database production", status=1)
    project.run(limbec_bin, "upgrade", "head", "--allow-destructive").ok()
    refused = project.run(limbec_bin, "downgrade", "a1", LIMBEC_YES="1")
    refused.failed("`--yes` agrees to it", status=1)
    terminal = Terminal(limbec_bin, "downgrade", "a1", cwd=project.folder)
    assert terminal.status() == 1
    assert "[y/N]" not in terminal.text
    project.run(limbec_bin, "downgrade", "a1", "--yes").ok()
    project.run(limbec_bin, "downgrade", "base", "--yes").failed("`--allow-destructive`", status=1)
    settings(project, 'production = ["*staging*"]\n')
    project.run(limbec_bin, "downgrade", "base", "--yes").ok()


def test_a_pattern_that_is_none_is_refused(project, limbec_bin):
    settings(project, 'production = ["["]\n')
    project.run(limbec_bin, "upgrade", "head").failed("limbec.toml, line 1", "patterns of URLs", status=2)


@pytest.mark.parametrize("arguments", [("upgrade", "head"), ("downgrade", "base")])
def test_a_person_is_asked(project, limbec_bin, arguments):
    for keys in ("n\r", "\r", "yep\r"):
        terminal = asked(project, limbec_bin, *arguments)
        terminal.answer(keys)
        assert terminal.status() == 1, terminal.text
        assert "nothing was changed" in terminal.text
        assert at(project) == ["a1"]
    terminal = asked(project, limbec_bin, *arguments)
    assert "destroys data" in terminal.text
    terminal.answer("y\r")
    assert terminal.status() == 0, terminal.text
    assert at(project) == (["b1"] if arguments[0] == "upgrade" else [])


def test_a_person_who_said_yes_before_is_not_asked(project, limbec_bin):
    terminal = Terminal(limbec_bin, "downgrade", "base", "--yes", cwd=project.folder)
    assert terminal.status() == 0, terminal.text
    assert "[y/N]" not in terminal.text


@pytest.mark.parametrize("hidden", [False, True])
def test_control_c_at_the_question_changes_nothing(project, limbec_bin, hidden):
    if hidden:
        # The URL is known to env.py alone, which then asks in the middle of its run.
        env = project.folder / "migrations" / "env.py"
        env.write_text(env.read_text().replace("create_engine(url,", "create_engine(url.replace('nothing', url),"))
    terminal = asked(project, limbec_bin, "downgrade", "base")
    terminal.answer("\x03")
    assert terminal.status() == 130, terminal.text
    assert at(project) == ["a1"]
    terminal = asked(project, limbec_bin, "downgrade", "base")
    os.kill(terminal.pid, signal.SIGINT)
    assert terminal.status() == 130, terminal.text
    # Nothing is left locked.
    terminal = asked(project, limbec_bin, "downgrade", "base")
    terminal.answer("y\r")
    assert terminal.status() == 0, terminal.text
    assert at(project) == []


def test_hostile_names_are_measured_and_shown_as_they_are(tmp_path, url, limbec_bin):
    table, column = 't"; DROP TABLE users; --\x1b[31m', "c\" IS NULL OR '1"
    project = Project(tmp_path / "project", url)
    project.add("a1", up=USERS, undo="pass")
    create = f"op.create_table({table!r}, sa.Column('id', sa.Integer), sa.Column({column!r}, sa.Text))"
    project.add("b1", "a1", up=create, undo=f"op.drop_table({table!r})")
    project.add("c1", "b1", up=f"op.drop_column({table!r}, {column!r})", undo="pass")
    project.run(limbec_bin, "upgrade", "b1").ok()
    quoted = table.replace('"', '""').replace(":", "\\:")
    databases.execute(url, f"INSERT INTO \"{quoted}\" VALUES (1, 'x')")
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert f'drops the column `t"; DROP TABLE users; --\\u{{1b}}[31m.{column}`: 1 value' in done.err
    assert "\x1b" not in done.err
    project.run(limbec_bin, "downgrade", "a1").failed(": 1 row", status=1)
    assert "users" in databases.tables(url)


def test_offline_mode_has_no_gates(project, limbec_bin):
    settings(project, "production = true\n")
    done = project.run(limbec_bin, "downgrade", "b1:base", "--sql").ok()
    assert "DROP TABLE users" in done.out
    assert "destroys" not in done.err


@pytest.fixture
def recorded(project, limbec_bin):
    """The same project, with a history."""
    settings(project, "history = true\n")
    project.run(limbec_bin, "upgrade", "head", "--yes").ok()
    project.add("c1", "b1")
    return project


def test_a_changed_revision_stops_a_run(recorded, limbec_bin):
    path = recorded.versions / "b1_.py"
    text = path.read_text()
    path.write_text(text + "\n# a remark\n")
    recorded.run(limbec_bin, "upgrade", "c1").ok()
    recorded.add("d1", "c1")
    path.write_text(text.replace('"phone"', '"id"'))
    refused = recorded.run(limbec_bin, "upgrade", "head", "--yes")
    refused.failed("revisions that are applied have been changed since", "b1 (", "b1_.py) was applied on ", status=1)
    refused.failed("limbec repair")
    assert at(recorded) == ["c1"]
    path.write_text(text)
    recorded.run(limbec_bin, "upgrade", "head").ok()
    assert at(recorded) == ["d1"]


def test_git_says_what_has_changed(recorded, limbec_bin):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=recorded.folder, check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "as applied")
    recorded.add("b1", "a1", up="op.execute('SELECT 2')", undo="op.execute('SELECT 3')")
    git("commit", "-qam", "edited")
    recorded.add("c1", "b1")
    refused = recorded.run(limbec_bin, "upgrade", "head").failed("b1_.py", status=1)
    assert "; changed since: `downgrade()`, `upgrade()`" in refused.err
    assert "; changed since: `downgrade()`, `upgrade()`" in recorded.run(limbec_bin, "verify").out


def test_a_deleted_revision_stops_a_run(recorded, limbec_bin):
    # The file is gone and the next one tied to the one before: the graph is whole again, the history knows better.
    recorded.add("c1", "b1")
    recorded.run(limbec_bin, "upgrade", "head").ok()
    (recorded.versions / "b1_.py").unlink()
    recorded.add("c1", "a1")
    recorded.add("d1", "c1")
    refused = recorded.run(limbec_bin, "upgrade", "head")
    refused.failed("`limbec repair --accept REVISION --yes`", "c1_.py", status=1)
    recorded.run(limbec_bin, "repair", "--accept", "c1", "--yes").ok()
    refused = recorded.run(limbec_bin, "upgrade", "head")
    refused.failed("revisions that are applied have no file any more", "b1 (revision b1) was applied on ", status=1)
    assert at(recorded) == ["c1"]
    recorded.run(limbec_bin, "upgrade", "head", "--yes").ok()


def test_what_plain_alembic_took_back_is_not_missed(recorded, alembic_bin, limbec_bin):
    recorded.run(alembic_bin, "downgrade", "a1").ok()
    (recorded.versions / "b1_.py").unlink()
    recorded.add("c1", "a1")
    recorded.run(limbec_bin, "upgrade", "head").ok()
    assert at(recorded) == ["c1"]


def test_a_version_table_edited_by_hand_is_told(recorded, limbec_bin):
    databases.execute(recorded.url, "UPDATE alembic_version SET version_num = 'a1'")
    done = recorded.run(limbec_bin, "downgrade", "base", "--yes").ok()
    assert "warning: the version table holds a1, but limbec left b1 there on " in done.err


def test_a_database_ahead_of_the_code_is_told(recorded, limbec_bin):
    databases.execute(recorded.url, "UPDATE alembic_version SET version_num = 'f00'")
    refused = recorded.run(limbec_bin, "upgrade", "head")
    refused.failed("the version table holds f00, which no file here has", status=255)
    assert refused.out.startswith("FAILED: Can't locate revision identified by 'f00'")


SHREDDER = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DELETE FROM users'"


def test_what_a_function_of_the_plan_does_is_measured(project, limbec_bin):
    if not project.url.startswith("postgresql"):
        pytest.skip("SQLite has no functions in SQL")
    project.add("b1", "a1", up=f'op.execute("{SHREDDER}")', undo='op.execute("DROP FUNCTION f()")')
    project.add("c1", "b1", up='op.execute("SELECT f()")')
    settings(project, 'destructive = "confirm"\n')
    refused = project.run(limbec_bin, "upgrade", "head")
    refused.failed("c1 deletes all rows of `users`: 3 rows", status=1)
    assert databases.fetch(project.url, "SELECT count(*) FROM users") == [(3,)]
    project.run(limbec_bin, "upgrade", "head", "--yes").ok()
    assert databases.fetch(project.url, "SELECT count(*) FROM users") == [(0,)]


def test_what_a_trigger_of_the_plan_does_is_measured(project, limbec_bin):
    if project.url.startswith("postgresql"):
        function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM users; RETURN NULL; END'"
        trigger = "CREATE TRIGGER t AFTER INSERT ON noted FOR EACH ROW EXECUTE FUNCTION f()"
    else:
        function = "SELECT 1"
        trigger = "CREATE TRIGGER t AFTER INSERT ON noted BEGIN DELETE FROM users; END"
    databases.execute(project.url, "CREATE TABLE noted (id integer)")
    statements = [function, trigger, "INSERT INTO noted VALUES (1)"]
    project.add("b1", "a1", up="\n".join(f'op.execute("{statement}")' for statement in statements))
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "  b1 on a condition deletes all rows of `users`: 3 rows" in done.err


def test_values_that_are_overwritten_are_measured(project, limbec_bin):
    project.add("b1", "a1", up='op.execute("UPDATE users SET phone = NULL WHERE id > 1")')
    project.add("c1", "b1", up="""op.execute("UPDATE users SET phone = '-'")""")
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "warning: this upgrade destroys data in " in done.err
    assert "  b1 overwrites values of `users.phone`: some of 2 values\n" in done.err
    assert "  c1 overwrites `users.phone`: 2 values\n" in done.err


def test_an_update_that_fills_what_was_empty_is_no_loss(project, limbec_bin):
    added = 'op.add_column("users", sa.Column("fax", sa.Text))'
    project.add("b1", "a1", up=added, undo='op.drop_column("users", "fax")')
    project.run(limbec_bin, "upgrade", "head").ok()
    project.add("c1", "b1", up="""op.execute("UPDATE users SET fax = phone, phone = phone || ''")""")
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "destroys" not in done.err
    assert "no data is lost" not in done.err


def test_tables_that_truncate_reaches_are_measured(project, limbec_bin):
    if not project.url.startswith("postgresql"):
        pytest.skip("SQLite has no TRUNCATE")
    databases.execute(project.url, "CREATE TABLE orders (id int primary key, u int references users)")
    databases.execute(
        project.url, "CREATE TABLE items (o int references orders); INSERT INTO orders VALUES (1, 1), (2, 1)"
    )
    project.add("b1", "a1", up='op.execute("TRUNCATE users CASCADE")')
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "  b1 deletes all rows of `users`: 3 rows" in done.err
    assert "  b1 empties the tables that refer to `users`: 2 tables: `items` (no rows), `orders` (2 rows" in done.err


def test_a_using_that_leaves_nothing_of_the_values_is_measured(project, limbec_bin):
    if not project.url.startswith("postgresql"):
        pytest.skip("SQLite has no USING")
    altered = 'op.alter_column("users", "phone", type_=sa.Integer, postgresql_using="NULL::integer")'
    project.add("b1", "a1", up=altered)
    done = project.run(limbec_bin, "upgrade", "head").ok()
    assert "  b1 overwrites `users.phone`: 2 values\n" in done.err
