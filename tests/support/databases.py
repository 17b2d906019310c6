"""Looks into a database from outside: its schema as text, its version table, its rows."""

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import create_engine, inspect, pool, text


def fetch(url: str, statement: str) -> "list[tuple]":
    """The rows of one statement, on a connection of its own."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def execute(url: str, *statements: str) -> None:
    """Run statements in one transaction."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def run_on_server(server: str, statement: str):
    """Run one statement outside a transaction. The driver is imported here alone: SQLite needs none."""
    import psycopg2

    connection = psycopg2.connect(server)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def versions(url: str, table: str = "alembic_version") -> "list[str] | None":
    """The rows of the version table, sorted; None when there is no such table."""
    if table not in tables(url):
        return None
    return sorted(row[0] for row in fetch(url, f'SELECT version_num FROM "{table}"'))


def tables(url: str) -> "list[str]":
    """The tables, sorted."""
    engine = create_engine(url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        return sorted(inspect(connection).get_table_names())


def in_order(sql: "str | None") -> str:
    """A CREATE TABLE whose constraints are sorted: batch mode, which makes a table anew, takes them from a set."""
    lines = [line.strip().rstrip(",") for line in (sql or "").splitlines()]
    constraints = ("CONSTRAINT ", "UNIQUE ", "FOREIGN KEY", "CHECK ", "PRIMARY KEY")
    columns = [line for line in lines if not line.startswith(constraints)]
    return "\n".join(columns + sorted(line for line in lines if line.startswith(constraints)))


def schema(url: str) -> str:
    """The schema as text: `pg_dump --schema-only`, or SQLite's own record of the statements."""
    if url.startswith("sqlite"):
        rows = fetch(
            url, "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
        )
        return "\n".join(f"{kind} {name}: {in_order(sql)}" for kind, name, sql in rows)
    return dump(url, "--schema-only", "--no-owner")


def dump(url: str, *options: str) -> str:
    """What `pg_dump` makes of a PostgreSQL database, whatever its name."""
    plain = re.sub(r"^postgresql\+\w+", "postgresql", url)
    program = str(Path(os.environ.get("LIMBEC_TEST_POSTGRES_BIN", "")) / "pg_dump")
    dumped = subprocess.run([program, *options, plain], check=True, capture_output=True, text=True).stdout
    # The database's name, and a random word that newer versions of pg_dump write.
    name = urlsplit(plain).path.lstrip("/")
    lines = [line for line in dumped.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    return "\n".join(lines).replace(name, "DATABASE")
