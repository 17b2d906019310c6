"""`limbec squash`: databases before, at and after a baseline, under both programs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support import databases
from support.projects import Project

USERS = 'op.create_table("users", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.String(20)))'
ROLES = """op.execute("CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT)")
op.bulk_insert(sa.table("roles", sa.column("id"), sa.column("name")), [
    {"id": 1, "name": "a: 100% of :x ${y}; -- it's"}, {"id": 2, "name": "two\\nlines \\\\ and \\"quotes\\""}])"""
VIEWS = """op.create_index("ix_users_name", "users", ["name"], unique=True)
op.execute("CREATE VIEW names AS SELECT name FROM users")"""
OBJECTS = {
    "sqlite": """op.execute("CREATE TRIGGER t AFTER INSERT ON users "
    "BEGIN DELETE FROM roles; INSERT INTO roles VALUES (9, 'x'); END")""",
    "postgresql": """op.execute("CREATE TYPE mood AS ENUM ('sad', 'so-so')")
op.execute("CREATE SCHEMA other")
op.execute("CREATE TABLE other.moods (id serial PRIMARY KEY, mood mood DEFAULT 'sad', of int REFERENCES users (id))")
op.execute("CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN new.name := upper(new.name); RETURN new; END $$")
op.execute("CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM users'")
op.execute("CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION shout()")
op.execute("CREATE MATERIALIZED VIEW counted AS SELECT how_many() AS n")
op.execute("CREATE TABLE parts (at date) PARTITION BY RANGE (at)")
op.execute("CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')")
op.execute("ALTER TABLE users ADD CONSTRAINT known CHECK (name IN ('A', 'B', 'MIA'))")""",
}


class Squashing:
    """A history a -> (b, c) -> d -> e -> f and the databases that its tests may use."""

    def __init__(self, folder, databases_of, server, binaries):
        self.databases_of, self.server = databases_of, server
        self.alembic_bin, self.limbec_bin = binaries
        self.dialect = "postgresql" if server else "sqlite"
        self.project = Project(folder / "project", databases_of())
        self.project.environment = {"LIMBEC_PYTHON": sys.executable}
        (self.project.folder / ".gitignore").write_text("__pycache__/\n*.db*\n")
        add = self.project.add
        add("aaaa", up=USERS, undo='op.drop_table("users")', labels=("core",))
        add("bbbb", "aaaa", up=ROLES, undo='op.drop_table("roles")')
        add("cccc", "aaaa", up=VIEWS, undo='op.execute("DROP VIEW names")')
        add("dddd", ("bbbb", "cccc"))
        add("eeee", "dddd", up=OBJECTS[self.dialect])
        add(
            "ffff",
            "eeee",
            up='op.add_column("users", sa.Column("age", sa.Integer))',
            undo='op.drop_column("users", "age")',
        )

    @property
    def scripts(self) -> Path:
        return self.project.folder / "migrations"

    @property
    def archive_ini(self) -> str:
        return "migrations/squashed/eeee/alembic.ini"

    def git(self, *arguments):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *who, *arguments], cwd=self.project.folder, check=True, capture_output=True)

    def commit(self):
        if not (self.project.folder / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")

    def alembic(self, *arguments):
        return self.project.run(self.alembic_bin, *arguments)

    def limbec(self, *arguments, **environment):
        return self.project.run(self.limbec_bin, *arguments, **environment)

    def squash(self, *arguments, to="eeee"):
        server = ["--server", self.server] if self.server else []
        return self.limbec("squash", "--to", to, *server, *arguments)

    def point_at(self, url):
        """The project, and the archives' copies of its ini file, are about this database from now on."""
        self.project.write_ini(url)
        for ini in self.scripts.glob("squashed/*/alembic.ini"):
            lines = ini.read_text().splitlines()
            ini.write_text("\n".join(f"sqlalchemy.url = {url}" if "sqlalchemy.url" in line else line for line in lines))

    def database(self, *steps):
        """A new database of the project, taken as far as these command lines of Alembic's go."""
        url = self.databases_of()
        self.point_at(url)
        for step in steps:
            self.alembic(*step.split()).ok()
        return url

    def files(self):
        listed = sorted(path.relative_to(self.scripts) for path in self.scripts.rglob("*") if path.is_file())
        return {str(path): (self.scripts / path).read_bytes() for path in listed if "__pycache__" not in str(path)}


@pytest.fixture(params=["sqlite", "postgresql"])
def squashing(request, tmp_path, limbec_bin, alembic_bin):
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")
        return Squashing(tmp_path, request.getfixturevalue("postgres_databases"), server, (alembic_bin, limbec_bin))
    made = []

    def create():
        made.append(f"sqlite:///{tmp_path}/database{len(made)}.db")
        return made[-1]

    return Squashing(tmp_path, create, None, (alembic_bin, limbec_bin))


def content(url):
    return databases.schema(url), databases.versions(url), databases.fetch(url, "SELECT * FROM roles ORDER BY 1")


def without_rewritten(told):
    """PostgreSQL writes IN otherwise once it has read it back."""
    schema, versions, rows = told
    return [line for line in schema.splitlines() if "CONSTRAINT known" not in line], versions, rows


def test_every_database_goes_on(squashing):
    """Empty, before, at and after the baseline; by limbec, by plain Alembic, and by both in turn."""
    reference = without_rewritten(content(squashing.database("upgrade head")))
    before = squashing.files()
    at_baseline = squashing.database("upgrade eeee")
    at_head = squashing.database("upgrade head")
    squashing.database()
    squashing.squash("--with-data").ok()
    after = squashing.files()
    archived = [f"squashed/eeee/{name}_.py" for name in ("aaaa", "bbbb", "cccc", "dddd", "eeee")]
    assert sorted(set(after) - set(before)) == sorted([*archived, "squashed/eeee/alembic.ini", "versions/eeee_.up.sql"])
    for name in archived:
        assert after[name] == before["versions/" + Path(name).name]
    assert squashing.alembic("history").ok().out.splitlines()[-1].startswith("<base> -> eeee (core)")

    empty = {"limbec": squashing.limbec, "alembic": squashing.alembic}
    for run in empty.values():
        url = squashing.database()
        run("upgrade", "head").ok()
        assert without_rewritten(content(url)) == reference
    for url in (at_baseline, at_head):
        squashing.point_at(url)
        squashing.limbec("upgrade", "head").ok()
        squashing.alembic("upgrade", "head").ok()
        assert without_rewritten(content(url)) == reference
    # In the middle of the archive, where two branches are half done.
    for step in ("bbbb", "aaaa", "dddd"):
        url = squashing.database(f"-c {squashing.archive_ini} upgrade {step}")
        squashing.alembic("upgrade", "head").failed(f"Can't locate revision identified by '{step}'")
        told = squashing.limbec("upgrade", "head").ok().err
        assert f"{step} was squashed into eeee; its file is in migrations/squashed/eeee" in told
        assert without_rewritten(content(url)) == reference
        url = squashing.database(
            f"-c {squashing.archive_ini} upgrade {step}", f"-c {squashing.archive_ini} upgrade eeee"
        )
        assert databases.versions(url) == ["eeee"]
        squashing.alembic("upgrade", "head").ok()
        assert without_rewritten(content(url)) == reference


def test_the_project_stays_clean(squashing):
    """git, the lock file, validate and what is written next."""
    squashing.limbec("freeze").ok()
    squashing.commit()
    squashing.git("checkout", "-q", "-b", "work")
    squashing.squash("--with-data").ok()
    squashing.limbec("freeze", "--check").ok()
    found = json.loads(squashing.limbec("validate", "--base", "main", "--format", "json").out)
    rules = {finding["rule"] for finding in found["findings"]}
    assert not {rule for rule in rules if rule.startswith("published")}, rules
    squashing.commit()
    squashing.limbec("new", "more", "--no-autogenerate", "--rev-id", "gggg").ok()
    squashing.limbec("new", "again", "--no-autogenerate", "--rev-id", "bbbb").failed("squashed into eeee")
    squashing.limbec("new", "again", "--no-autogenerate", "--head", "bbbb").failed("squashed into eeee")
    squashing.limbec("revision", "-m", "again", "--rev-id", "aaaa").failed("squashed into eeee")
    url = squashing.database()
    squashing.alembic("upgrade", "head").ok()
    assert databases.versions(url) == ["gggg"]


def test_old_identifiers_resolve(squashing):
    squashing.squash("--with-data").ok()
    shown = squashing.limbec("show", "bbbb").ok()
    assert "Parent: aaaa" in shown.out and "squashed/eeee/bbbb_.py" in shown.out
    assert "bbbb was squashed into eeee" in shown.err
    assert squashing.limbec("history", "-r", "aaaa:bbbb").ok().out.splitlines()[0].startswith("aaaa -> bbbb")
    url = squashing.database(f"-c {squashing.archive_ini} upgrade bbbb")
    assert squashing.limbec("current").ok().out == "bbbb\n"
    status = json.loads(squashing.limbec("status", "--format", "json").ok().out)
    assert status["totals"] == {"revisions": 6, "applied": 2, "pending": 4, "missing": 0, "unknown": 0}
    assert [
        step["revision"]
        for step in json.loads(squashing.limbec("plan", "upgrade", "head", "--format", "json").out)["steps"]
    ][-2:] == ["eeee", "ffff"]
    squashing.limbec("verify").ok()
    assert databases.versions(url) == ["bbbb"]


def test_the_history_table_agrees(squashing):
    """Rows of squashed revisions are neither missing nor changed, and a database in the middle records what it runs."""
    (squashing.project.folder / "limbec.toml").write_text("history = true\n")
    whole, part = squashing.database(), squashing.databases_of()
    squashing.limbec("upgrade", "eeee").ok()
    squashing.point_at(part)
    squashing.limbec("upgrade", "bbbb").ok()
    squashing.squash("--with-data", "--ignore-databases").ok()
    for url in (whole, part):
        squashing.point_at(url)
        squashing.limbec("upgrade", "head").ok()
        assert databases.versions(url) == ["ffff"]
        totals = json.loads(squashing.limbec("status", "--format", "json").ok().out)["totals"]
        assert totals == {"revisions": 2, "applied": 2, "pending": 0, "missing": 0, "unknown": 0}
        findings = json.loads(squashing.limbec("verify", "--format", "json").out)["databases"][0]["findings"]
        assert [finding for finding in findings if finding["code"] in ("changed-revision", "unknown-revision")] == []


def test_rows_are_never_lost_silently(squashing):
    before = squashing.files()
    squashing.squash().failed("the revisions put rows into tables: roles (2)", "--with-data", status=2)
    squashing.squash("--with-data", "--dry-run").ok()
    assert squashing.files() == before
    squashing.squash("--without-data").ok()
    url = squashing.database("upgrade head")
    assert databases.fetch(url, "SELECT * FROM roles") == []


def test_what_is_known_to_be_before_it_refuses(squashing):
    before = squashing.files()
    squashing.database("upgrade bbbb")
    squashing.squash("--with-data").failed("a known database is before eeee", "is at bbbb", status=1)
    assert squashing.files() == before
    squashing.squash("--with-data", "--ignore-databases").ok()
    squashing.limbec("upgrade", "head").ok()
    told = squashing.squash().ok().err
    assert "There is nothing before eeee to squash." in told


def test_a_second_squash_takes_the_first_along(squashing):
    reference = without_rewritten(content(squashing.database("upgrade head")))
    middle = squashing.database("upgrade aaaa")
    squashing.database()
    squashing.squash("--with-data", to="dddd").ok()
    squashing.squash("--with-data", to="ffff").ok()
    url = squashing.database("upgrade head")
    assert without_rewritten(content(url)) == reference
    squashing.point_at(middle)
    told = squashing.limbec("upgrade", "head").ok().err
    assert "squashed into ffff" in told and "squashed into dddd" in told
    assert without_rewritten(content(middle)) == reference


def test_a_history_that_goes_around_it_is_refused(squashing):
    before = squashing.files()
    squashing.squash(to="bbbb").failed("cccc builds on aaaa, which comes before bbbb", status=2)
    squashing.project.add("gggg", "ffff", depends="bbbb")
    squashing.squash().failed("gggg depends on bbbb", 'write "eeee" instead of "bbbb"', status=2)
    (squashing.project.versions / "gggg_.py").unlink()
    squashing.project.add("hhhh", labels=("own",))
    squashing.squash("--with-data").ok()
    assert len(squashing.alembic("heads").ok().out.splitlines()) == 2
    assert before != squashing.files()


def test_what_cannot_be_written_changes_nothing(squashing):
    (squashing.scripts / "squashed").write_text("a file, not a folder")
    before = squashing.files()
    squashing.squash("--with-data").failed("squashed", status=1)
    assert squashing.files() == before


def test_an_env_py_that_nobody_understands(squashing):
    """Where the database is known to env.py alone, its rows are seen only when it has been run."""
    env = squashing.scripts / "env.py"
    env.write_text(env.read_text().replace("url = context", "url = (lambda: None)() or context"))
    squashing.squash("--with-data").ok()
    url = squashing.database(f"-c {squashing.archive_ini} upgrade bbbb")
    squashing.limbec("upgrade", "head").ok()
    assert databases.versions(url) == ["ffff"]
    assert squashing.limbec("current").ok().out == "ffff (head)\n"
