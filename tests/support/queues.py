"""A project with many tenants, whose runners share a run. Whatever runs leaves a row in the tenant's ledger."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.databases import execute, fetch
from support.projects import Project, Run

ENV = """from alembic import context
from sqlalchemy import create_engine, pool, text

arguments = context.get_x_argument(as_dictionary=True)
with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool).connect() as connection:
    schema = arguments.get("schema")
    if schema:
        connection.execute(text(f'SET search_path TO "{schema}"'))
        connection.commit()
        connection.dialect.default_schema_name = schema
    context.configure(connection=connection, version_table_schema=schema, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""

# The pause comes between the row and the commit: the longest time to be killed in.
WITNESS = """import os
op.execute("INSERT INTO ledger VALUES ('{revision}')")
op.execute("SELECT pg_sleep(" + os.environ.get("LEDGER_PAUSE", "0") + ")")"""


@dataclass
class Runner:
    """One process of limbec, and the Python that it starts, in a group of their own."""

    process: subprocess.Popen
    output: Path

    def signal(self, number: int) -> None:
        os.killpg(self.process.pid, number)

    def end(self, limit: float = 120) -> Run:
        try:
            status = self.process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)
            raise AssertionError(f"it hangs\n{self.output.read_text()}") from None
        return Run(status, "", self.output.read_text())


@dataclass
class QueueProject:
    """Schemas of one database, or databases, that share a queue in the common database."""

    project: Project
    binary: Path
    names: "list[str]"
    # Where the ledger of each tenant is: a URL, and a schema or None.
    places: "dict[str, tuple[str, str | None]]" = field(default_factory=dict)
    runners: "list[Runner]" = field(default_factory=list)

    def add_revisions(self, count: int) -> "list[str]":
        down = None
        for number in range(count):
            revision = f"r{number:03}"
            create = "op.create_table('ledger', sa.Column('revision', sa.String(40)))\n" if down is None else ""
            self.project.add(revision, down, up=create + WITNESS.format(revision=revision))
            down = revision
        return [f"r{number:03}" for number in range(count)]

    def limbec(self, *arguments: str, **environment: str) -> Run:
        return self.project.run(self.binary, *arguments, **environment)

    def migrate(self, *arguments: str, **environment: str) -> Run:
        return self.limbec("tenant", "migrate", *arguments, **environment)

    def start(self, *arguments: str, **environment: str) -> Runner:
        """A runner that goes on by itself."""
        output = self.project.folder / f"runner-{len(self.runners)}.txt"
        with output.open("w") as stream:
            process = subprocess.Popen(
                [str(self.binary), "tenant", "migrate", *arguments],
                cwd=self.project.folder,
                env={**os.environ, **self.project.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        self.runners.append(Runner(process, output))
        return self.runners[-1]

    def end_all(self) -> None:
        """Whatever a test has left behind."""
        for runner in self.runners:
            if runner.process.poll() is None:
                runner.signal(signal.SIGCONT)
                runner.signal(signal.SIGKILL)
                runner.process.wait()

    def run(self, name: str) -> dict:
        return json.loads(self.limbec("tenant", "runs", name, "--format", "json").ok().out)

    def wait_until(self, name: str, condition, limit: float = 60) -> dict:
        """Asks for the run until the condition holds."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            asked = self.limbec("tenant", "runs", name, "--format", "json")
            if asked.status == 0 and condition(found := json.loads(asked.out)):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it did not come to that: {asked}")

    def ledger(self, name: str) -> "list[str]":
        url, schema = self.places[name]
        prefix = f'"{schema}".' if schema else ""
        return sorted(row[0] for row in fetch(url, f"SELECT revision FROM {prefix}ledger"))

    def head(self, name: str) -> "list[str]":
        url, schema = self.places[name]
        prefix = f'"{schema}".' if schema else ""
        return [row[0] for row in fetch(url, f"SELECT version_num FROM {prefix}alembic_version")]

    def faults(self, revisions: "list[str]") -> "list[str]":
        """What is wrong with tenants that should be at head, by their ledgers and by the history."""
        found = []
        for name in self.names:
            if self.head(name) != revisions[-1:]:
                found.append(f"{name} is at {self.head(name)}")
            if self.ledger(name) != revisions:
                found.append(f"{name} has run {self.ledger(name)}")
        twice = (
            "SELECT version_schema, revision, COUNT(*) FROM limbec.limbec_history WHERE outcome = 'done' "
            "GROUP BY 1, 2 HAVING COUNT(*) > 1"
        )
        for url in {url for url, _ in self.places.values()}:
            found += [f"the history has {row}" for row in fetch(url, twice)]
        return found


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg2://", "postgresql://")


def schema_queue(folder: Path, binary: Path, count: int, urls: "tuple[str, str]") -> QueueProject:
    """Tenants that are schemas of the second database; the first one is the common one."""
    common, url = urls
    names = [f"t{number:03}" for number in range(count)]
    made = QueueProject(Project(folder / "project", url), binary, names)
    (made.project.folder / "migrations" / "env.py").write_text(ENV)
    execute(url, *[f'CREATE SCHEMA "{name}"' for name in names])
    made.places = {name: (url, name) for name in names}
    made.project.environment["COMMON_URL"] = plain(common)
    listed = ", ".join(json.dumps(name) for name in names)
    settings = (
        f'history = true\n[tenants]\nmode = "schema"\nurl = "{url}"\ncommon = "env:COMMON_URL"\nsource = [{listed}]\n'
    )
    (made.project.folder / "limbec.toml").write_text(settings)
    return made


def database_queue(folder: Path, binary: Path, urls: "dict[str, str]", common: str) -> QueueProject:
    """Tenants that are databases."""
    made = QueueProject(Project(folder / "project", plain(common)), binary, list(urls))
    (made.project.folder / "migrations" / "env.py").write_text(ENV)
    made.places = {name: (url, None) for name, url in urls.items()}
    made.project.environment["COMMON_URL"] = plain(common)
    listed = ", ".join(f"{{ name = {json.dumps(name)}, url = {json.dumps(url)} }}" for name, url in urls.items())
    (made.project.folder / "limbec.toml").write_text(
        f'history = true\n[tenants]\ncommon = "env:COMMON_URL"\nsource = [{listed}]\n'
    )
    return made
