"""The schema that every single file of the folders beside it follows.

Revision ID: initial
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "initial"
down_revision = None


def upgrade():
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(100), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("phone", sa.String(30)),
        sa.Column("balance", sa.Numeric(18, 4)),
        sa.Column("notes", sa.Text),
        sa.Column("visits", sa.BigInteger),
        sa.Column("status", sa.Enum("new", "active", "closed", name="account_status")),
        sa.Column("created_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id", name="fk_orders_account")),
        sa.Column("total", sa.Numeric(12, 2)),
        sa.Column("state", sa.String(20)),
        sa.Column("size", sa.String(20)),
        sa.Column("weight", sa.Double),
    )
    op.create_index("ix_orders_account_id", "orders", ["account_id"])
    op.create_table(
        "states",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("label", sa.String(100)),
        sa.Column("parent", sa.String(20)),
    )
    op.create_table("audit", sa.Column("id", sa.Integer, primary_key=True), sa.Column("line", sa.Text))
    op.execute("CREATE SCHEMA reporting")
    op.create_table("daily", sa.Column("id", sa.Integer, primary_key=True), schema="reporting")


def downgrade():
    op.drop_table("daily", schema="reporting")
    op.execute("DROP SCHEMA reporting")
    op.drop_table("audit")
    op.drop_table("states")
    op.drop_table("orders")
    op.drop_table("accounts")
    op.execute("DROP TYPE account_status")
