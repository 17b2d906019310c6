"""A history that is squashed, and its databases."""

import subprocess
import sys
from pathlib import Path

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


def content(url):
    return databases.schema(url), databases.versions(url), databases.fetch(url, "SELECT * FROM roles ORDER BY 1")


def without_rewritten(told):
    """PostgreSQL writes IN otherwise once it has read it back."""
    schema, versions, rows = told
    return [line for line in schema.splitlines() if "CONSTRAINT known" not in line], versions, rows
