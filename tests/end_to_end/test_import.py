"""`limbec import`: directories of other tools, with their tables, become revisions with the same state.

dbmate and sqlx run themselves where they can be had (support/migration_tools.py); the tables of the others are
written from memory (support/tracking_tables.py).
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url
from support import databases, migration_tools, tracking_tables
from support.absence import unavailable
from support.projects import run

# The second has what a careless reader would take for the end of a statement, or for a variable.
UP = [
    "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT); -- ${comment};\n"
    "INSERT INTO notes (id, body) VALUES (1, 'a;b ${x} -- c');\n",
    "CREATE INDEX users_name ON users (name);\n",
]
DOWN = ["DROP TABLE users;\n", "DROP TABLE notes;\n", "DROP INDEX users_name;\n"]
NAMES = ["create_users", "add_notes", "index_names"]
STAMPS = ["20230101120000", "20230102120000", "20230103120000"]


def marked(up: str, down: str, stamps: "list[str]"):
    """Both directions in one file."""
    return {
        f"{stamp}_{name}.sql": f"{up}\n{UP[at]}\n{down}\n{DOWN[at]}"
        for at, (stamp, name) in enumerate(zip(stamps, NAMES))
    }


MARKED = {
    "dbmate": ("-- migrate:up", "-- migrate:down", STAMPS),
    "goose": ("-- +goose Up", "-- +goose Down", ["00001", "00002", "20230103120000"]),
    "sql-migrate": ("-- +migrate Up", "-- +migrate Down", ["1", "2", "10"]),
    "sections": ("-- up", "-- down", ["20230101_120000", "20230102_120000", "20230103_120000"]),
}


def files_of(tool: str) -> "dict[str, str]":
    if tool in MARKED:
        return marked(*MARKED[tool])
    if tool == "flyway":
        stems = [f"{version}__{name}.sql" for version, name in zip(["1", "1_2", "1_10"], NAMES)]
        texts = {f"V{stem}": text for stem, text in zip(stems, ups(tool))}
        return texts | {f"U{stem}": text for stem, text in zip(stems, DOWN)}
    stems = [f"{number}_{name}" for number, name in zip(["001", "002", "010"], NAMES)]
    if tool == "numbered":
        texts = {f"{stem}.sql": text for stem, text in zip(stems, UP)}
        return texts | {f"rollbacks/{stem}.sql": text for stem, text in zip(stems, DOWN)}
    texts = {f"{stem}.up.sql": text for stem, text in zip(stems, UP)}
    return texts | {f"{stem}.down.sql": text for stem, text in zip(stems, DOWN)}


TOOLS = ["dbmate", "goose", "sql-migrate", "sections", "golang-migrate", "sqlx", "flyway", "numbered"]


def ups(tool: str) -> "list[str]":
    """What goes up. Without values for placeholders Flyway refuses a file, unless it is told to leave them alone."""
    return [text.replace("${", "$ {") for text in UP] if tool == "flyway" else UP


class Old:
    """A project of another tool: `migrations/` and a database."""

    def __init__(self, folder: Path, tool: str, url: str):
        self.folder, self.tool, self.url = folder, tool, url
        folder.mkdir()
        self.write(files_of(tool))

    def write(self, files: "dict[str, str]"):
        for name, text in files.items():
            path = self.folder / "migrations" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def in_order(self) -> "list[str]":
        """The files that go up, oldest first."""
        return [next(name for name in files_of(self.tool) if slug in name and not is_undo(name)) for slug in NAMES]

    def apply(self, count: int):
        """Has the tool, or what does as it does, run the first migrations."""
        program = {"dbmate": migration_tools.dbmate, "sqlx": migration_tools.sqlx}.get(self.tool, lambda: None)()
        if program:
            self.apply_by(program, count)
        else:
            self.apply_by_hand(count)

    def apply_by(self, program: Path, count: int):
        """dbmate runs whatever there is; so the rest is put aside."""
        kept = {self.folder / "migrations" / name: text for name, text in files_of(self.tool).items()}
        for path in kept:
            if not any(slug in path.name for slug in NAMES[:count]):
                path.unlink()
        url = native(self.url, self.tool)
        if self.tool == "dbmate":
            command = [program, "--url", url, "--no-dump-schema", "-d", "migrations", "up"]
        else:
            command = [program, "migrate", "run", "--source", "migrations", "--database-url", url]
            subprocess.run([program, "database", "create", "--database-url", url], cwd=self.folder, check=False)
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        for path, text in kept.items():
            path.write_text(text)

    def apply_by_hand(self, count: int):
        folder = self.folder / "migrations"
        statements = [part for text in ups(self.tool)[:count] for part in split(text)]
        ran = [tracking_tables.Ran(name, (folder / name).read_bytes()) for name in self.in_order[:count]]
        table = tracking_tables.WRITERS[self.tool](ran, self.url.startswith("sqlite"))
        run_raw(self.url, statements + table)

    def limbec(self, program: Path, *words: str, **environment: str):
        return run(program, *words, cwd=self.folder, environment={"DATABASE_URL": self.url, **environment})

    def imported(self, program: Path, *words: str) -> dict:
        return json.loads(self.limbec(program, "import", "migrations", "--format", "json", *words).ok().out)

    def at(self, url: str) -> "Old":
        """The same project with another database."""
        other = object.__new__(Old)
        other.folder, other.tool, other.url = self.folder, self.tool, url
        return other


def is_undo(name: str) -> bool:
    return name.startswith(("U", "rollbacks/")) or ".down." in name


def split(text: str) -> "list[str]":
    """The statements above, each on a line of its own."""
    return [line.split("; --")[0].rstrip(";") for line in text.splitlines()]


def native(url: str, tool: str) -> str:
    """A URL as other tools write it."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"sqlite:{parsed.database}" if tool == "dbmate" else f"sqlite://{parsed.database}"
    plain = parsed.set(drivername="postgres").render_as_string(hide_password=False)
    return plain + ("&" if "?" in plain else "?") + "sslmode=disable"


def run_raw(url: str, statements: "list[str]"):
    """Statements in which `:` and `%` mean nothing."""
    if url.startswith("sqlite"):
        import sqlite3

        with sqlite3.connect(make_url(url).database) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
    else:
        import psycopg2

        connection = psycopg2.connect(url.replace("+psycopg2", ""))
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()


@pytest.fixture(params=TOOLS)
def old(request, url, tmp_path):
    """A project of each tool, of which two of three migrations have run."""
    made = Old(tmp_path / "project", request.param, url)
    made.apply(2)
    return made


def state(url: str) -> "list[str]":
    return databases.versions(url) or []


def tables(url: str) -> "list[str]":
    """The schema, the tables that tools keep alone left out."""
    kept = ("users", "notes")
    if url.startswith("sqlite"):
        names = databases.fetch(url, "SELECT type, name, tbl_name FROM sqlite_master ORDER BY 1, 2")
    else:
        query = (
            "SELECT table_name, column_name, data_type || is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public' "
            "UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"
        )
        names = databases.fetch(url, query)
    return [row for row in names if set(row) & set(kept)]


def test_two_commands_from_an_old_directory_to_head(old, databases_of, limbec_bin, alembic_bin):
    shown = old.limbec(limbec_bin, "import", "migrations", "--init", "--dry-run").ok()
    assert not (old.folder / "alembic.ini").exists() and "would be stamped" in shown.err
    done = old.imported(limbec_bin, "--init")
    assert done["tool"] == old.tool and done["new"] == 3 and done["done"]
    assert [row["state"] for row in done["migrations"]] == ["applied", "applied", "pending"]
    assert state(old.url) == [done["stamped"]] == [done["migrations"][1]["revision"]]
    assert (
        run(alembic_bin, "current", cwd=old.folder, environment={"DATABASE_URL": old.url})
        .ok()
        .out.startswith(done["stamped"])
    )
    old.limbec(limbec_bin, "upgrade", "head").ok()
    assert state(old.url) == [done["migrations"][2]["revision"]]
    assert databases.fetch(old.url, "SELECT count(*) FROM notes") == [(1,)]

    # Anew, by limbec and by Alembic: the same.
    for program in (limbec_bin, alembic_bin):
        fresh = databases_of()
        for words in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
            words = (*words, "--yes") if program == limbec_bin and words[0] == "downgrade" else words
            run(program, *words, cwd=old.folder, environment={"DATABASE_URL": fresh}).ok()
        assert tables(fresh) == tables(old.url)
        body = databases.fetch(fresh, "SELECT body FROM notes")
        assert body == databases.fetch(old.url, "SELECT body FROM notes")


def test_a_second_import_changes_nothing(old, limbec_bin):
    old.imported(limbec_bin, "--init")
    before = {path: path.read_bytes() for path in old.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    rows = state(old.url)
    again = old.limbec(limbec_bin, "import", "migrations").ok()
    assert "Nothing to do" in again.err and again.out.count("pending") == 1
    after = {path: path.read_bytes() for path in old.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    assert after == before and state(old.url) == rows


def test_what_limbec_has_run_itself_is_known(tmp_path, limbec_bin):
    """The old table never hears of it, or was never there."""
    old = Old(tmp_path / "project", "dbmate", f"sqlite:///{tmp_path}/a.db")
    assert old.imported(limbec_bin, "--init")["stamped"] is None
    old.limbec(limbec_bin, "upgrade", "head").ok()
    again = old.imported(limbec_bin)
    assert {row["state"] for row in again["migrations"]} == {"applied"} and again["stamped"] is None
    old.write({"20230104120000_more.sql": "-- migrate:up\nSELECT 1;\n-- migrate:down\n"})
    more = old.imported(limbec_bin)
    assert [row["state"] for row in more["migrations"]][2:] == ["applied", "pending"] and more["stamped"] is None


def test_identifiers_and_names_are_the_same_everywhere(tmp_path, limbec_bin):
    made = []
    for name in ("one", "other"):
        project = Old(tmp_path / name, "goose", f"sqlite:///{tmp_path}/{name}.db")
        made.append(project.imported(limbec_bin, "--init", "--no-database")["migrations"])
    assert made[0] == made[1]
    assert [row["file"] for row in made[0]] == [
        "20000101_000001_create_users.py",
        "20000101_000002_add_notes.py",
        "20230103_120000_index_names.py",
    ]


def test_migrations_that_the_old_tool_has_run_since_come_on_top(tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "golang-migrate", f"sqlite:///{tmp_path}/a.db")
    old.apply(2)
    old.imported(limbec_bin, "--init")
    old.write({"011_more.up.sql": "CREATE TABLE more (id INTEGER);\n"})
    run_raw(old.url, [*split(UP[2]), "CREATE TABLE more (id INTEGER)", "UPDATE schema_migrations SET version = 11"])
    done = old.imported(limbec_bin)
    assert [(row["version"], row["existing"], row["state"]) for row in done["migrations"]] == [
        ("1", True, "applied"),
        ("2", True, "applied"),
        ("10", True, "applied"),
        ("11", False, "applied"),
    ]
    assert state(old.url) == [done["migrations"][3]["revision"]]
    assert "Nothing to do" in old.limbec(limbec_bin, "import", "migrations").ok().err


def test_another_database_is_stamped_from_its_own_table(databases_of, tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "goose", databases_of())
    old.apply(2)
    done = old.imported(limbec_bin, "--init")
    other = old.at(databases_of())
    other.apply(1)
    new = other.imported(limbec_bin, "--state-only")
    assert new["new"] == 0 and state(other.url) == [done["migrations"][0]["revision"]]
    assert state(old.url) == [done["migrations"][1]["revision"]]
    log = json.loads(other.limbec(limbec_bin, "log", "--format", "json").ok().out)
    assert "stamp" in json.dumps(log)


# What is wrong, and what limbec says. Each begins with two applied migrations.
REFUSED = [
    ("golang-migrate", "UPDATE schema_migrations SET dirty = true", "is dirty"),
    (
        "goose",
        "UPDATE goose_db_version SET is_applied = false WHERE version_id = 1",
        "not applied: 00001_create_users.sql",
    ),
    ("sqlx", "UPDATE _sqlx_migrations SET success = false WHERE version = 2", "it failed"),
    ("sqlx", "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 2", "002_add_notes.up.sql"),
    ("flyway", "UPDATE flyway_schema_history SET checksum = 7 WHERE installed_rank = 2", "V1_2__add_notes.sql"),
    ("dbmate", "INSERT INTO schema_migrations VALUES ('20220101000000')", "of which there is no file"),
    ("sections", "UPDATE schema_versions SET status = 'running' WHERE id = 101", "its state is `running`"),
    (
        "numbered",
        "UPDATE archon_migrations SET checksum = repeat('0', 64) WHERE version = '001'",
        "001_create_users.sql",
    ),
]


@pytest.mark.parametrize("tool, spoiling, sentence", REFUSED)
def test_a_state_that_alembic_cannot_have_is_refused(tool, spoiling, sentence, postgres_url, tmp_path, limbec_bin):
    old = Old(tmp_path / "project", tool, postgres_url)
    old.apply_by_hand(2)
    run_raw(old.url, [spoiling])
    failed = old.limbec(limbec_bin, "import", "migrations", "--init")
    assert failed.status == 1 and sentence in failed.err and "nothing was changed" in failed.err
    assert sorted(os.listdir(old.folder)) == ["migrations"] and databases.versions(old.url) is None


def test_changed_files_may_be_taken_as_they_are(tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "flyway", f"sqlite:///{tmp_path}/a.db")
    old.apply_by_hand(2)
    run_raw(old.url, ["UPDATE flyway_schema_history SET checksum = 7 WHERE installed_rank = 2"])
    assert old.imported(limbec_bin, "--init", "--allow-changed")["stamped"]


def test_files_of_several_tools_are_asked_for(tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "sqlx", f"sqlite:///{tmp_path}/a.db")
    asked = old.limbec(limbec_bin, "import", "migrations", "--init")
    assert asked.status == 2 and "--from golang-migrate" in asked.err and "--from sqlx" in asked.err
    assert old.imported(limbec_bin, "--init", "--from", "sqlx")["tool"] == "sqlx"


class Plain(Old):
    """A folder of files that no tool marked."""

    def __init__(self, folder: Path, url: str, files: "dict[str, str]"):
        self.folder, self.tool, self.url = folder, "numbered", url
        folder.mkdir()
        self.write(files)

    def refused(self, program: Path, status: int, *words: str) -> str:
        """What is said; nothing is written, in the dry run as little as without."""
        for more in ((), ("--dry-run",)):
            failed = self.limbec(program, "import", "migrations", "--init", *words, *more)
            assert failed.status == status, failed.err
            assert sorted(path.name for path in self.folder.iterdir()) == ["migrations"]
            assert databases.versions(self.url) is None
        return failed.err


AB = {
    "001_a.sql": "CREATE TABLE a (x INTEGER);\nINSERT INTO a VALUES (1);\n",
    "002_b.sql": "INSERT INTO a VALUES (2);\n",
}


def test_no_file_of_sql_is_left_out_in_silence(url, tmp_path, limbec_bin):
    others = {"003_c.SQL": "SELECT 1", "sub/004_d.sql": "SELECT 1", "seed.sql": "SELECT 1", "notes.txt": "x"}
    old = Plain(tmp_path / "project", url, AB | others)
    said = old.refused(limbec_bin, 1)
    assert "2 places" in said and "003_c.SQL: this looks like a migration" in said and "sub/004_d.sql: this" in said
    left_out = ("--leave-out", "003_c.SQL", "--leave-out", "sub/")
    shown = old.limbec(limbec_bin, "import", "migrations", "--init", "--dry-run", *left_out).ok()
    assert "seed.sql is left out" in shown.err and "notes.txt" not in shown.err
    assert old.imported(limbec_bin, "--init", *left_out)["new"] == 2
    assert "no such file" in old.limbec(limbec_bin, "import", "migrations", "--leave-out", "su").err


def test_plain_numbered_files_are_numbered_where_the_database_has_no_table_of_sqlx(url, tmp_path, limbec_bin):
    old = Plain(tmp_path / "project", url, AB)
    assert old.limbec(limbec_bin, "import", "migrations", "--init", "--no-database").status == 2
    assert old.imported(limbec_bin, "--init")["tool"] == "numbered"


def test_a_database_with_tables_and_no_state_is_refused(databases_of, tmp_path, limbec_bin):
    url = databases_of()
    old = Plain(tmp_path / "project", url, AB)
    run_raw(url, [part for text in AB.values() for part in split(text)])
    said = old.refused(limbec_bin, 2)
    for word in ("--applied-until VERSION", "--nothing-applied", "--table", "--no-database"):
        assert word in said
    assert old.refused(limbec_bin, 2, "--applied-until", "7").startswith("error: no migration is 7")
    done = old.imported(limbec_bin, "--init", "--applied-until", "002")
    assert [row["state"] for row in done["migrations"]] == ["applied", "applied"]
    old.limbec(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(url, "SELECT count(*) FROM a") == [(2,)]

    other = Plain(tmp_path / "other", databases_of(), AB)
    run_raw(other.url, ["CREATE TABLE of_somebody_else (x INTEGER)"])
    assert other.imported(limbec_bin, "--init", "--nothing-applied")["stamped"] is None
    other.limbec(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(other.url, "SELECT count(*) FROM a") == [(2,)]


def test_tables_that_may_hold_the_state_are_named(postgres_url, tmp_path, limbec_bin):
    old = Plain(tmp_path / "project", postgres_url, AB)
    run_raw(
        old.url,
        [
            "CREATE SCHEMA app",
            "CREATE TABLE app.schema_migrations (version text, applied_at timestamptz)",
            "INSERT INTO app.schema_migrations VALUES ('001'), ('002')",
        ],
    )
    assert "app.schema_migrations (2 rows)" in old.refused(limbec_bin, 2)
    table = ("--table", "app.schema_migrations")
    assert "2 of the migrations" in old.refused(limbec_bin, 2, *table, "--nothing-applied")
    done = old.imported(limbec_bin, "--init", *table)
    assert [row["state"] for row in done["migrations"]] == ["applied", "applied"]


UPDATES = {
    "001_update.sql": "CREATE TABLE a (x INTEGER);\n",
    "002_foo.sql": "SELECT 1;\n",
    "003_update.sql": "INSERT INTO a VALUES (3);\n",
}


@pytest.mark.parametrize(
    "columns, rows, sentence",
    [
        ("version, migration_name", ["'001', 'update'", "'002', 'foo'", "'003', 'update'"], None),
        (
            "id, migration_name",
            ["1, 'update'", "2, 'foo'"],
            "has update, which may be 001_update.sql or 003_update.sql",
        ),
        ("version, name", ["'001', 'update'", "'1', '001_update'"], "both are 001_update.sql"),
        ("version, name", ["'003', 'foo'"], "has foo, which may be 003_update.sql or 002_foo.sql"),
    ],
)
def test_files_of_one_description_are_told_apart(columns, rows, sentence, url, tmp_path, limbec_bin):
    old = Plain(tmp_path / "project", url, UPDATES)
    typed = ", ".join(f"{column} TEXT" for column in columns.split(", "))
    run_raw(url, [f"CREATE TABLE archon_migrations ({typed}, applied_at TEXT)", *split(UPDATES["001_update.sql"])])
    run_raw(url, tracking_tables.inserts(f"archon_migrations ({columns})", rows))
    if sentence:
        assert sentence in old.refused(limbec_bin, 1)
    else:
        done = old.imported(limbec_bin, "--init")
        assert [row["state"] for row in done["migrations"]] == ["applied"] * 3


@pytest.mark.parametrize("by_alembic", [False, True])
def test_search_path_of_a_dump_ends_with_its_file(by_alembic, postgres_url, tmp_path, limbec_bin, alembic_bin):
    dump = "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.a (x integer)"
    files = {"001_a.sql": dump, "002_b.sql": "CREATE TABLE b (x integer);\n"}
    old = Plain(tmp_path / "project", postgres_url, files)
    done = old.imported(limbec_bin, "--init")
    assert [note["file"] for note in done["notes"]] == ["001_a.sql"]
    old.limbec(alembic_bin if by_alembic else limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(old.url, "SELECT count(*) FROM public.b") == [(0,)]
    assert state(old.url) == [done["migrations"][1]["revision"]]


def test_files_with_both_directions_are_not_read_as_if_they_had_one(tmp_path, limbec_bin):
    old = Plain(tmp_path / "project", f"sqlite:///{tmp_path}/a.db", files_of("goose"))
    said = old.refused(limbec_bin, 1, "--from", "numbered")
    assert "00001_create_users.sql, line 1: this line is a marker of goose" in said and "--from goose" in said


def test_a_journal_mode_is_set_outside_a_transaction(tmp_path, limbec_bin):
    old = Plain(
        tmp_path / "project",
        f"sqlite:///{tmp_path}/a.db",
        {"001_w.sql": "PRAGMA journal_mode=WAL;\n"} | {"002_a.sql": AB["001_a.sql"]},
    )
    old.imported(limbec_bin, "--init")
    old.limbec(limbec_bin, "upgrade", "head").ok()
    assert databases.fetch(old.url, "PRAGMA journal_mode") == [("wal",)]


def test_dates_with_signs_between_are_versions(url, tmp_path, limbec_bin):
    files = {"2023-02-01_b.sql": AB["002_b.sql"], "2023-01-02_a.sql": AB["001_a.sql"]}
    done = Plain(tmp_path / "project", url, files).imported(limbec_bin, "--init")
    assert [row["file"] for row in done["migrations"]] == ["20230102_000000_a.py", "20230201_000000_b.py"]


def test_the_file_that_goes_up_is_shown(tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "golang-migrate", f"sqlite:///{tmp_path}/a.db")
    shown = old.limbec(limbec_bin, "import", "migrations", "--init", "--dry-run", "--from", "golang-migrate").ok()
    assert "001_create_users.up.sql" in shown.out and ".down.sql" not in shown.out


def test_without_a_project_it_is_said_what_to_type(tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "dbmate", f"sqlite:///{tmp_path}/a.db")
    failed = old.limbec(limbec_bin, "import", "migrations")
    assert failed.status == 2 and "limbec import migrations --init" in failed.err
    failed = run(limbec_bin, "import", "migrations", "--init", cwd=old.folder, environment={})
    assert failed.status == 2 and "DATABASE_URL" in failed.err and "--no-database" in failed.err


def test_nothing_is_written_where_one_file_cannot_be_taken_over(tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "dbmate", f"sqlite:///{tmp_path}/a.db")
    old.write({"20230104120000_bad.sql": "-- migrate:up\nCREATE TABLE a (b);\nSELECT ${x};\n-- migrate:down\n"})
    old.write({'20230105120000_"""hostile\\.sql': "-- migrate:up\nSELECT 1;\n-- migrate:down\n"})
    failed = old.limbec(limbec_bin, "import", "migrations", "--init")
    assert failed.status == 1 and "20230104120000_bad.sql, line 3: `${x}`" in failed.err
    assert sorted(os.listdir(old.folder)) == ["migrations"]
    (old.folder / "migrations/20230104120000_bad.sql").unlink()
    assert old.imported(limbec_bin, "--init")["new"] == 4
    old.limbec(limbec_bin, "upgrade", "head").ok()


def test_placeholders_of_flyway_become_variables_or_values(databases_of, tmp_path, limbec_bin):
    old = Old(tmp_path / "project", "flyway", databases_of())
    columns = "a VARCHAR(20) DEFAULT '${value}', b VARCHAR(20) DEFAULT 'x ${part}'"
    old.write({"V2__names.sql": f"CREATE TABLE ${{table}} ({columns});\n"})
    done = old.imported(limbec_bin, "--init", "--set", "part=y")
    assert done["variables"] == ["table", "value"]
    old.limbec(limbec_bin, "-x", "table=named", "-x", "value=it's", "upgrade", "head").ok()
    run_raw(old.url, ["INSERT INTO named DEFAULT VALUES"])
    assert databases.fetch(old.url, "SELECT a, b FROM named") == [("it's", "x y")]


def test_tools_run_themselves(tmp_path):
    """What is missing here is told, since the tests above do without."""
    absent = [name for name in ("dbmate", "sqlx") if not getattr(migration_tools, name)()]
    if absent:
        unavailable(
            f"{' and '.join(absent)} cannot be had, so that their tables were written by the tests",
            "LIMBEC_REQUIRE_TOOLS",
        )
