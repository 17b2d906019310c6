"""Alembic projects for the driver to work on."""

from __future__ import annotations

import sqlite3
import textwrap
from pathlib import Path

from line import Line, invocation

ENV = """
from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
if context.is_offline_mode():
    context.configure(
        url=config.get_main_option("sqlalchemy.url"), literal_binds=True, dialect_opts={"paramstyle": "named"}
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    section = config.get_section(config.config_ini_section) or {}
    engine = engine_from_config(section, prefix="sqlalchemy.", poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""


class Project:
    """A line of revisions r1, r2, …; `run_env` plans as limbec would for a line."""

    def __init__(self, python: Path, folder: Path, count=3, url="sqlite:///test.db", env=ENV):
        self.line = Line(python, folder)
        self.folder = folder
        self.scripts = []
        self.write("alembic.ini", f"[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = {url}\n")
        self.write("migrations/env.py", env)
        for number in range(1, count + 1):
            self.revision(number, f"op.execute('CREATE TABLE t{number} (id INTEGER)')")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
        return path

    def revision(self, number, *upgrade, head=""):
        """Writes revision rN with those statements in upgrade(), replacing what it was."""
        down = f"r{number - 1}" if number > 1 else None
        lines = [
            f'"""number {number}"""',
            "from alembic import op",
            f"revision = 'r{number}'",
            f"down_revision = {down!r}",
            head,
            "def upgrade():",
            *(f"    {line}" for line in upgrade),
            "def downgrade():",
            f"    op.execute('DROP TABLE t{number}')",
        ]
        path = self.write(f"migrations/versions/r{number}_.py", "\n".join(lines) + "\n")
        meta = {
            "path": str(path),
            "revision": f"r{number}",
            "down_revision": [down] if down else [],
            "branch_labels": [],
            "depends_on": [],
            "doc": f"number {number}",
        }
        self.scripts = [script for script in self.scripts if script["revision"] != f"r{number}"] + [meta]
        self.scripts.sort(key=lambda script: int(script["revision"][1:]))
        return path

    def plan(self, heads, target):
        order = [script["revision"] for script in self.scripts]
        start = order.index(heads[0]) + 1 if heads else 0
        end = {"head": len(order), "base": 0}.get(target)
        end = order.index(target) + 1 if end is None else end
        chosen = order[start:end] if start <= end else order[end:start][::-1]
        direction = "upgrade" if start <= end else "downgrade"
        return {"steps": [{"revision": name, "direction": direction, "stamp": None} for name in chosen]}

    def run_env(self, *argv, host=None, dont_mutate=False, **overrides):
        def answer(method, params):
            if host is not None:
                host(method, params)
            return self.plan(params["heads"], argv[-1].rpartition(":")[2]) if method == "plan" else None

        request = invocation("run_env", list(argv), self.scripts, dont_mutate, **overrides)
        return self.line.run(request, host=answer)

    def command(self, *argv, **overrides):
        return self.line.run(invocation("command", list(argv), self.scripts, **overrides))

    def probe(self, *argv):
        return self.line.run(invocation("probe", list(argv) or ["current"], None, True))

    def state(self, name="test.db"):
        """Tables and version rows of a SQLite file; rows are None without the version table."""
        connection = sqlite3.connect(self.folder / name)
        try:
            names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = None
            if "alembic_version" in names:
                rows = sorted(row[0] for row in connection.execute("SELECT version_num FROM alembic_version"))
            return sorted(names - {"alembic_version"}), rows
        finally:
            connection.close()
