"""Many tenants of one history on one PostgreSQL, as schemas of one database or as databases, in any state.

The history creates a table a revision. Tenants are made by copying the SQL that Alembic itself prints, so that a
thousand of them take a minute and not an hour.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import histories
import psycopg2

# limbec understands it; the loop tells it the tenant by the environment, a schema as an option of the URL.
ENV = """import os

from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
url = os.environ.get("TENANT_URL") or config.get_main_option("sqlalchemy.url")

if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url, poolclass=pool.NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
INI = """[alembic]
script_location = %(here)s/migrations
path_separator = os
sqlalchemy.url = {url}
"""
SETTINGS = {
    "schemas": 'mode = "schema"\nurl = "{url}"\nsource = [{names}]\n',
    "databases": 'url = "{server}/{{name}}"\nsource = [{names}]\n',
}
DATABASE = "limbec_bench_fleet"
BYSTANDER = "limbec_bench_template"


@dataclass
class Tenants:
    """A project in `folder` and its tenants; one revision is pending for each, or none."""

    folder: Path
    kind: str
    server: str
    alembic: Path
    count: int
    revisions: int = 10

    def __post_init__(self):
        self.names = [f"tenant_{number:04}" for number in range(self.count)]
        self.base = self.server.rpartition("/")[0]
        self.url = f"{self.base}/{DATABASE if self.kind == 'schemas' else BYSTANDER}"
        self.head, self.before = histories.write(self.folder, "linear", self.revisions)
        (self.folder / "migrations/env.py").write_text(ENV)
        driver = self.url.replace("postgresql://", "postgresql+psycopg2://").replace("%", "%%")
        (self.folder / "alembic.ini").write_text(INI.format(url=driver))
        names = ", ".join(f'"{name}"' for name in self.names)
        settings = SETTINGS[self.kind].format(url=self.url, server=self.base, names=names)
        (self.folder / "limbec.toml").write_text(
            ("search-path = true\n" if self.kind == "schemas" else "")
            + f'[tenants]\nvariables = {{ TENANT_URL = "{{url}}" }}\n{settings}'
        )
        self.all_but_last = self.sql("upgrade", self.before)
        self.up, self.down = self.sql("upgrade", f"{self.before}:head"), self.sql("downgrade", f"head:{self.before}")

    def url_of(self, name: str) -> str:
        """What env.py is told in Alembic's loop."""
        driver = self.base.replace("postgresql://", "postgresql+psycopg2://")
        place = f"{DATABASE}?options=-csearch_path%3D{name}" if self.kind == "schemas" else name
        return f"{driver}/{place}"

    def sql(self, *words: str) -> str:
        """What Alembic prints, without its transaction."""
        command = [str(self.alembic), words[0], "--sql", words[1]]
        printed = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True).stdout
        return printed.replace("BEGIN;", "").replace("COMMIT;", "")

    def make(self) -> None:
        """Every tenant, one revision below the head."""
        self.drop()
        with self.session(urlsplit(self.server).path.lstrip("/")) as run:
            run(f"CREATE DATABASE {DATABASE if self.kind == 'schemas' else BYSTANDER}")
        if self.kind == "databases":
            with self.session(BYSTANDER) as run:
                run(self.all_but_last)
            with self.session(urlsplit(self.server).path.lstrip("/")) as run:
                for name in self.names:
                    run(f"CREATE DATABASE {name} TEMPLATE {BYSTANDER}")
            return
        with self.session(DATABASE) as run:
            for name in self.names:
                run(f"CREATE SCHEMA {name}; SET search_path TO {name}; {self.all_but_last}")

    def drop(self) -> None:
        """Everything."""
        with self.session(urlsplit(self.server).path.lstrip("/")) as run:
            run(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            for name in self.names:
                run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            run(f"DROP DATABASE IF EXISTS {BYSTANDER} WITH (FORCE)")

    def all_at(self, revision: str) -> None:
        """Every tenant at the head, or one below, by SQL."""
        for name, standing in self.standings().items():
            if standing != revision:
                self.on(name, self.up if revision == self.head else self.down)

    def standings(self) -> "dict[str, str]":
        """The revision of every tenant."""
        if self.kind == "schemas":
            union = " UNION ALL ".join(
                f"SELECT '{name}', version_num FROM {name}.alembic_version" for name in self.names
            )
            with self.session(DATABASE) as run:
                return dict(run(union))
        found = {}
        for name in self.names:
            with self.session(name) as run:
                found[name] = run("SELECT version_num FROM alembic_version")[0][0]
        return found

    def on(self, name: str, sql: str) -> None:
        """Run SQL on one tenant."""
        if self.kind == "databases":
            with self.session(name) as run:
                run(sql)
        else:
            with self.session(DATABASE) as run:
                run(f"SET search_path TO {name}; {sql}")

    def session(self, database: str):
        """A connection to one database of the server, as a function that runs SQL."""
        return Session(f"{self.base}/{database}")


class Session:
    """A connection without transactions."""

    def __init__(self, url: str):
        self.url = url

    def __enter__(self):
        self.connection = psycopg2.connect(self.url)
        self.connection.autocommit = True
        return self.run

    def __exit__(self, *_):
        self.connection.close()

    def run(self, sql: str) -> "list[tuple]":
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
