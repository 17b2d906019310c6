"""Writes Alembic projects of any size, with a SQLite database beside them. Standard library only."""

import sqlite3
from pathlib import Path

ENV = """from sqlalchemy import engine_from_config, pool

from alembic import context

config = context.config


def run_migrations_offline():
    context.configure(url=config.get_main_option("sqlalchemy.url"), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_migrations_online():
    connectable = engine_from_config(
        config.get_section(config.config_ini_section, {}), prefix="sqlalchemy.", poolclass=pool.NullPool
    )
    with connectable.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_migrations_offline()
else:
    run_migrations_online()
"""

INI = """[alembic]
script_location = %(here)s/migrations
path_separator = os
sqlalchemy.url = sqlite:///%(here)s/bench.db
"""

# About the size of a revision file in the wild: half of them are over 1,200 bytes.
REVISION = '''"""{message}

Revision ID: {revision}
Revises: {revises}
Create Date: 2026-01-01 00:00:00.000000

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa


# revision identifiers, used by Alembic.
revision: str = {revision!r}
down_revision: Union[str, Sequence[str], None] = {down!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    """Upgrade schema."""
    op.create_table(
        "table_{number}",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Numeric(18, 2), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_table_{number}")),
    )
    op.create_index(op.f("ix_table_{number}_name"), "table_{number}", ["name"])


def downgrade() -> None:
    """Downgrade schema."""
    op.drop_index(op.f("ix_table_{number}_name"), table_name="table_{number}")
    op.drop_table("table_{number}")
'''


def identifier(number):
    """Twelve hexadecimal digits that look random, different for every number below 2**48."""
    return f"{(number * 0x9E3779B97F4B + 0x1234567) % (1 << 48):012x}"


def linear(count):
    """(number, numbers of the down revisions) of a history without branches."""
    for number in range(count):
        yield number, (number - 1,) if number else ()


def branched(count):
    """A history in which of every ten revisions two lines of four leave a branch point and meet in a merge point."""
    for number in range(count):
        place = number % 10
        if number == 0:
            yield number, ()
        elif place == 5 and number + 4 < count:
            yield number, (number - 5,)
        elif place == 9:
            yield number, (number - 5, number - 1)
        else:
            yield number, (number - 1,)


SHAPES = {"linear": linear, "branched": branched}


def write(folder: Path, shape: str, count: int) -> "tuple[str, str]":
    """Write a project; returns the ids of its head and of the revision before it."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "script.py.mako").write_text("${message}\n")
    # The last revision follows one other, so that one pending revision means the same in every shape.
    graph = [*SHAPES[shape](count - 1), (count - 1, (count - 2,))]
    for number, downs in graph:
        ids = tuple(identifier(down) for down in downs)
        (versions / f"{identifier(number)}_revision_{number}.py").write_text(
            REVISION.format(
                message=f"revision {number}",
                revision=identifier(number),
                revises=", ".join(ids),
                down=ids if len(ids) > 1 else ids[0] if ids else None,
                number=number,
            )
        )
    return identifier(count - 1), identifier(count - 2)


def write_database(path: Path, revision: str) -> None:
    """A database whose version table holds one revision, and which holds nothing else."""
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
    connection.close()
