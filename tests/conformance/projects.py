"""Writes a graph as an Alembic project."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import alembic
from graphs import Graph, Revision

INI = """[alembic]
script_location = %(here)s/scripts
path_separator = os
sqlalchemy.url = sqlite:///%(here)s/database.db

[loggers]
keys = root

[handlers]
keys =

[formatters]
keys =

[logger_root]
level = WARNING
handlers =
"""
ENV_PY = Path(alembic.__file__).parent / "templates/generic/env.py"


def write(graph: Graph, directory: Path) -> Path:
    """Fills an empty folder; file names keep the order of the graph."""
    versions = directory / "scripts" / "versions"
    versions.mkdir(parents=True)
    (directory / "alembic.ini").write_text(INI, encoding="utf-8")
    shutil.copyfile(ENV_PY, directory / "scripts" / "env.py")
    for number, revision in enumerate(graph.revisions):
        (versions / f"file_{number:05}.py").write_text(source(revision), encoding="utf-8")
    return directory


def write_rows(directory: Path, rows: list[str]) -> None:
    """Makes the project's database with these rows in its version table."""
    with sqlite3.connect(directory / "database.db") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        connection.executemany("INSERT OR IGNORE INTO alembic_version VALUES (?)", [(row,) for row in rows])
    connection.close()


def source(revision: Revision) -> str:
    return (
        f"{revision.doc!r}\n"
        f"revision = {revision.revision!r}\n"
        f"down_revision = {value(revision.down)}\n"
        f"branch_labels = {value(revision.labels)}\n"
        f"depends_on = {value(revision.depends_on)}\n"
        "\n\ndef upgrade():\n    pass\n\n\ndef downgrade():\n    pass\n"
    )


def value(names: list[str]) -> str:
    """As the template writes it: nothing, a name, or several."""
    if not names:
        return "None"
    return repr(names[0]) if len(names) == 1 else repr(tuple(names))
