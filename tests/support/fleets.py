"""Projects with many tenants, written for one test each."""

import json
import os
import random
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from support.databases import execute, fetch, versions
from support.projects import Project, Run

# Alembic's cookbook, "Rudimental Schema-Level Multi Tenancy for PostgreSQL Databases".
COOKBOOK_ENV = """from alembic import context
from sqlalchemy import engine_from_config, pool, text

config = context.config

connectable = engine_from_config(
    config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
)

current_tenant = context.get_x_argument(as_dictionary=True).get("tenant")

with connectable.connect() as connection:
    # set search path on the connection, which ensures that PostgreSQL will emit all CREATE / ALTER / DROP statements
    # in terms of this schema by default
    connection.execute(text('set search_path to "%s"' % current_tenant))
    # in SQLAlchemy v2+ the search path change needs to be committed
    connection.commit()

    # make use of non-supported SQLAlchemy attribute to ensure the dialect reflects tables in terms of the
    # current tenant name
    connection.dialect.default_schema_name = current_tenant

    context.configure(connection=connection)

    with context.begin_transaction():
        context.run_migrations()
"""

WITNESS = "op.execute(\"INSERT INTO witness VALUES ('{revision}')\")"


@dataclass
class FleetProject:
    """A project whose tenants are SQLite files, PostgreSQL databases or schemas."""

    project: Project
    binary: Path
    names: "list[str]"
    urls: "dict[str, str]" = field(default_factory=dict)
    settings: str = ""

    def configure(self, settings: str = "") -> None:
        """Write limbec.toml, with these lines at the end of [tenants]."""
        listed = [f"{{ name = {json.dumps(name)}, url = {json.dumps(self.urls[name])} }}" for name in self.names]
        text = f"history = true\n[tenants]\nsource = [{', '.join(listed)}]\n{settings}\n"
        (self.project.folder / "limbec.toml").write_text(text)

    def write_settings(self, settings: str) -> None:
        """Add lines at the end of [tenants]."""
        path = self.project.folder / "limbec.toml"
        path.write_text(f"{path.read_text()}{settings}\n")

    def limbec(self, *arguments: str, **environment: str) -> Run:
        environment = {"XDG_STATE_HOME": str(self.project.folder / "state"), **environment}
        return self.project.run(self.binary, *arguments, **environment)

    def migrate(self, *arguments: str, **environment: str) -> Run:
        return self.limbec("tenant", "migrate", *arguments, **environment)

    def heads(self) -> "dict[str, list[str] | None]":
        return {name: self.head(name) for name in self.names}

    def head(self, name: str) -> "list[str] | None":
        return versions(self.urls[name])

    def add_witnessed(self, count: int) -> None:
        """A chain of revisions of which each inserts a row into one table."""
        down = None
        for number in range(count):
            revision = f"r{number:03}"
            create = "op.create_table('witness', sa.Column('revision', sa.String(40)))" if down is None else "pass"
            undo = (
                "op.drop_table('witness')"
                if down is None
                else f"op.execute(\"DELETE FROM witness WHERE revision = '{revision}'\")"
            )
            self.project.add(revision, down, up=f"{create}\n{WITNESS.format(revision=revision)}", undo=undo)
            down = revision

    def witnessed(self, name: str) -> "list[str]":
        return sorted(row[0] for row in fetch(self.urls[name], "SELECT revision FROM witness"))


def sqlite_fleet(folder: Path, binary: Path, names: "list[str]") -> FleetProject:
    """Tenants that are SQLite files beside the project."""
    fleet = FleetProject(Project(folder / "project", "sqlite:///unused.db"), binary, names)
    fleet.urls = {name: f"sqlite:///{folder}/{name}.db" for name in names}
    fleet.configure()
    return fleet


def schema_fleet(folder: Path, binary: Path, names: "list[str]", url: str) -> FleetProject:
    """Tenants that are schemas of one PostgreSQL database, with the cookbook's env.py."""
    fleet = FleetProject(Project(folder / "project", url), binary, names)
    (fleet.project.folder / "migrations" / "env.py").write_text(COOKBOOK_ENV)
    execute(url, *[f'CREATE SCHEMA "{name}"' for name in names])
    fleet.urls = {name: f"{url}?options=-csearch_path%3D{name}" for name in names}
    listed = ", ".join(json.dumps(name) for name in names)
    text = f'history = true\n[tenants]\nmode = "schema"\nsource = [{listed}]\n'
    (fleet.project.folder / "limbec.toml").write_text(text)
    return fleet


def rows(path: Path, statement: str) -> "list[tuple]":
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def rounds(folder: Path, binary: Path, databases, *, count: int, seed: int) -> "list[int]":
    """Kill fleet runs at random moments and continue them, by `--resume` and by the same command in turn.

    In every round each tenant has to end at the head, with each revision run once: by a table that every revision
    inserts a row into, and by the history. Every other round has all of it run by Python.
    Returns how often each round was killed.
    """
    chance = random.Random(seed)
    names = [f"t{number}" for number in range(6)]
    killed = []
    for number in range(count):
        fleet = FleetProject(Project(folder / f"round{number}", "sqlite:///unused.db"), binary, names)
        fleet.urls = {name: databases() for name in names}
        fleet.configure("jobs = 3" if (seed + number) % 2 else "jobs = 3\nrender = false")
        fleet.add_witnessed(4)
        killed.append(killed_until_done(fleet, chance))
        expected = [f"r{revision:03}" for revision in range(4)]
        for name in names:
            assert fleet.head(name) == [expected[-1]], name
            assert fleet.witnessed(name) == expected, name
            done = fetch(
                fleet.urls[name], "SELECT revision FROM limbec.limbec_history WHERE outcome = 'done' ORDER BY revision"
            )
            assert [row[0] for row in done] == expected, (name, done)
    return killed


def killed_until_done(fleet: FleetProject, chance: random.Random) -> int:
    """Run, and kill after a time that grows, until a run comes to its end; how often it was killed."""
    environment = {**os.environ, "XDG_STATE_HOME": str(fleet.project.folder / "state")}
    for attempt in range(40):
        resumes = attempt % 2 == 1 and any((fleet.project.folder / "state").rglob("*.jsonl"))
        command = [str(fleet.binary), "tenant", "migrate", "--resume" if resumes else "--all"]
        nowhere = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, cwd=fleet.project.folder, env=environment, text=True, **nowhere) as process:
            try:
                out, _ = process.communicate(timeout=chance.uniform(0.05, 0.8 + 0.4 * attempt))
            except subprocess.TimeoutExpired:
                process.kill()
                continue
        assert process.returncode == 0, out
        return attempt
    raise AssertionError("it was never done")
