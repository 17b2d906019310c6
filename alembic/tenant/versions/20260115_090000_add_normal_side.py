"""add normal side of accounts

Revision ID: 7fa4d61c93e0
Revises: 6e13b9d0a582
Create Date: 2026-01-15 09:00:00+00:00

The side follows from the kind of account, so nothing is lost by a downgrade.

"""

import sqlalchemy as sa
from alembic import op

revision = "7fa4d61c93e0"
down_revision = "6e13b9d0a582"
branch_labels = ("chart",)
depends_on = None

ledger_side = sa.Enum("debit", "credit", name="ledger_side")


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE TYPE ledger_side AS ENUM ('debit', 'credit')")
    op.add_column("accounts", sa.Column("normal_side", ledger_side, server_default="debit", nullable=False))
    op.execute("UPDATE accounts SET normal_side = 'credit' WHERE kind IN ('liability', 'equity', 'income')")


def downgrade() -> None:
    op.drop_column("accounts", "normal_side")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TYPE ledger_side")
