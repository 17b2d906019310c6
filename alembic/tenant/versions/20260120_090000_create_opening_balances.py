"""create opening balances

Revision ID: a2d7094fc613
Revises: 91c6f83eb502
Create Date: 2026-01-20 09:00:00+00:00

A balance is on the normal side of its account, hence the dependency on the other branch.

"""

import sqlalchemy as sa
from alembic import op

revision = "a2d7094fc613"
down_revision = "91c6f83eb502"
branch_labels = None
depends_on = "7fa4d61c93e0"


def upgrade() -> None:
    op.create_table(
        "opening_balances",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("amount_on_normal_side", sa.Numeric(18, 2), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_opening_balances_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_opening_balances")),
    )


def downgrade() -> None:
    op.drop_table("opening_balances")
