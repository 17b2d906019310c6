"""Writes histories whose revisions do what revisions do in the wild. Standard library only.

Of every ten revisions three create a table with an index and an enum, and seven change tables of earlier ones: columns,
types, constraints, data, in operations, in batches and in SQL, with downgrades that undo it. A few of the findings that
a linter is for are among them.
"""

from pathlib import Path

from histories import ENV, INI, identifier

HEADER = '''"""{message}

Revision ID: {revision}
Revises: {revises}
Create Date: {date}

"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql


# revision identifiers, used by Alembic.
revision: str = {revision!r}
down_revision: Union[str, Sequence[str], None] = {down!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


'''

CREATE = """def upgrade() -> None:
    op.create_table(
        "orders_{n}",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.Numeric(18, 2), server_default="0", nullable=False),
        sa.Column("state", sa.Enum("new", "paid", name="order_state_{n}"), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders_{n}")),
        sa.UniqueConstraint("name", name=op.f("uq_orders_{n}_name")),
    )
    op.create_index(op.f("ix_orders_{n}_created_at"), "orders_{n}", ["created_at"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_orders_{n}_created_at"), table_name="orders_{n}")
    op.drop_table("orders_{n}")
    op.execute("DROP TYPE order_state_{n}")
"""

CHANGES = (
    """def upgrade() -> None:
    op.add_column("orders_{t}", sa.Column("note_{n}", sa.Text(), nullable=True))
    op.add_column("orders_{t}", sa.Column("rank_{n}", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("orders_{t}", "rank_{n}")
    op.drop_column("orders_{t}", "note_{n}")
""",
    """def upgrade() -> None:
    with op.batch_alter_table("orders_{t}", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_{n}", sa.Integer(), nullable=True))
        batch_op.create_index(batch_op.f("ix_orders_{t}_parent_{n}"), ["parent_{n}"], unique=False)
        batch_op.create_foreign_key("fk_orders_{t}_parent_{n}", "orders_{t}", ["parent_{n}"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("orders_{t}", schema=None) as batch_op:
        batch_op.drop_constraint("fk_orders_{t}_parent_{n}", type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_orders_{t}_parent_{n}"))
        batch_op.drop_column("parent_{n}")
""",
    """def upgrade() -> None:
    op.alter_column(
        "orders_{t}", "name", existing_type=sa.String(length=200), type_=sa.String(length=400), existing_nullable=False
    )


def downgrade() -> None:
    op.alter_column(
        "orders_{t}", "name", existing_type=sa.String(length=400), type_=sa.String(length=200), existing_nullable=False
    )
""",
    """def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_orders_{t}_amount_{n}", "orders_{t}", ["amount"], postgresql_concurrently=True, if_not_exists=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_{t}_amount_{n}", "orders_{t}", postgresql_concurrently=True, if_exists=True)
""",
    '''def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE orders_{t} ADD COLUMN total_{n} numeric(18, 2);
        UPDATE orders_{t} SET total_{n} = amount WHERE amount > 0;
        CREATE INDEX ix_orders_{t}_total_{n} ON orders_{t} (total_{n}) WHERE total_{n} IS NOT NULL;
        """
    )


def downgrade() -> None:
    op.execute("ALTER TABLE orders_{t} DROP COLUMN total_{n}")
''',
    """orders = sa.table("orders_{t}", sa.column("id", sa.Integer), sa.column("name", sa.String))


def upgrade() -> None:
    bind = op.get_bind()
    bind.execute(orders.update().where(orders.c.name == "old_{n}").values(name="new_{n}"))


def downgrade() -> None:
    bind = op.get_bind()
    bind.execute(orders.update().where(orders.c.name == "new_{n}").values(name="old_{n}"))
""",
    """COLUMNS = ("first_{n}", "second_{n}", "third_{n}")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("orders_{t}", sa.Column(name, sa.String(length=80), nullable=True))
    op.create_check_constraint("ck_orders_{t}_{n}", "orders_{t}", "length(first_{n}) > 0")


def downgrade() -> None:
    op.drop_constraint("ck_orders_{t}_{n}", "orders_{t}", type_="check")
    for name in reversed(COLUMNS):
        op.drop_column("orders_{t}", name)
""",
)


def text(number: int) -> str:
    """The revision of this number, which follows the one before it."""
    creates = number % 10 in (0, 3, 6)
    # The newest table before this revision.
    table = number - min(number % 10 - place for place in (0, 3, 6) if place <= number % 10)
    body = CREATE if creates else CHANGES[number % len(CHANGES)]
    down = identifier(number - 1) if number else None
    header = HEADER.format(
        message=f"change {number}", revision=identifier(number), revises=down or "", date=date(number), down=down
    )
    return header + body.replace("{n}", str(number)).replace("{t}", str(table))


def date(number: int) -> str:
    return f"2025-{number // 84 % 12 + 1:02}-{number // 3 % 28 + 1:02} {number % 3 * 8:02}:00:00.000000"


def name(number: int) -> str:
    stamp = date(number).partition(".")[0].replace("-", "").replace(":", "").replace(" ", "_")
    return f"{stamp}_change_{number}.py"


def write(folder: Path, count: int) -> Path:
    """Write a project; returns the folder of its revision files."""
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "migrations" / "env.py").write_text(ENV)
    (folder / "migrations" / "script.py.mako").write_text("${message}\n")
    for number in range(count):
        (versions / name(number)).write_text(text(number))
    return versions
