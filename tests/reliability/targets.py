"""Databases of a test's own, and what a run left in them."""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import contextmanager
from pathlib import Path

WITNESS = "CREATE TABLE witness (revision VARCHAR(32), pid BIGINT)"


class Target:
    """One database with an empty witness table; each revision of a history adds a row to it."""

    url: str

    def rows(self, statement: str) -> list[tuple]:
        """What a statement returns, on a connection of its own."""
        raise NotImplementedError

    def execute(self, statement: str) -> None:
        """Runs a statement and commits."""
        raise NotImplementedError

    def tables(self) -> set[str]:
        """Names of the tables in the default schema."""
        raise NotImplementedError

    def versions(self) -> list[str]:
        """Rows of the version table; none where there is no such table."""
        if "alembic_version" not in self.tables():
            return []
        return sorted(row[0] for row in self.rows("SELECT version_num FROM alembic_version"))

    def applications(self) -> dict[str, int]:
        """How often each revision was applied."""
        return dict(self.rows("SELECT revision, count(*) FROM witness GROUP BY revision"))

    def drop(self) -> None:
        """Removes the database."""
        raise NotImplementedError


class PostgresTarget(Target):
    """A database of the server that LIMBEC_TEST_POSTGRES_TRUSTED names."""

    def __init__(self, server: str, name: str):
        self.server, self.name = server, name
        # Without TLS: a proxy of a test reads along.
        self.url = server.replace("postgresql://", "postgresql+psycopg2://").rpartition("/")[0] + f"/{name}"

    @classmethod
    def create(cls) -> PostgresTarget:
        target = cls(os.environ["LIMBEC_TEST_POSTGRES_TRUSTED"], f"limbec_storm_{uuid.uuid4().hex[:12]}")
        target._on_server(f"CREATE DATABASE {target.name}")
        target.execute(WITNESS)
        return target

    def _on_server(self, statement: str) -> None:
        with cursor(self.server) as (opened, _):
            opened.execute(statement)

    @property
    def plain_url(self) -> str:
        return self.url.replace("+psycopg2", "")

    def rows(self, statement: str) -> list[tuple]:
        with cursor(self.plain_url) as (opened, _):
            opened.execute(statement)
            return opened.fetchall()

    def execute(self, statement: str) -> None:
        with cursor(self.plain_url) as (opened, _):
            opened.execute(statement)

    def tables(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}

    def terminate(self, chosen: int) -> bool:
        """Ends one of the connections to this database, the one at `chosen` modulo their number."""
        others = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with cursor(self.plain_url) as (opened, _):
            opened.execute(f"{others} ORDER BY backend_start")
            pids = [row[0] for row in opened.fetchall()]
            if not pids:
                return False
            opened.execute("SELECT pg_terminate_backend(%s)", (pids[chosen % len(pids)],))
            return True

    def drop(self) -> None:
        self._on_server(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


class SqliteTarget(Target):
    """A file in a folder of its own."""

    def __init__(self, folder: Path):
        self.folder = folder / uuid.uuid4().hex[:12]
        self.folder.mkdir(parents=True)
        self.file = self.folder / "application.db"
        self.url = f"sqlite:///{self.file}"
        self.execute(WITNESS)

    def rows(self, statement: str) -> list[tuple]:
        connection = sqlite3.connect(self.file, timeout=30)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def execute(self, statement: str) -> None:
        connection = sqlite3.connect(self.file, timeout=30)
        try:
            connection.execute(statement)
            connection.commit()
        finally:
            connection.close()

    def tables(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def drop(self) -> None:
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()


@contextmanager
def cursor(url: str):
    """A cursor in autocommit mode, with its connection. The driver is imported here alone: scripts start without it."""
    import psycopg2

    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as opened:
            yield opened, connection
    finally:
        connection.close()


def create(dialect: str, folder: Path) -> Target:
    """A fresh database: `postgresql` or `sqlite`, the latter in `folder`."""
    return PostgresTarget.create() if dialect == "postgresql" else SqliteTarget(folder)
