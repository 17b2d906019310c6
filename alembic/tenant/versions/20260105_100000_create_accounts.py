"""create accounts

Revision ID: 5d20c8e1f7a4
Revises:
Create Date: 2026-01-05 10:00:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "5d20c8e1f7a4"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column(
            "kind", sa.Enum("asset", "liability", "equity", "income", "expense", name="account_kind"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("code", name=op.f("uq_accounts_code")),
    )


def downgrade() -> None:
    op.drop_table("accounts")
    if op.get_context().dialect.name == "postgresql":
        # The type was created with the table, but outlives it.
        op.execute("DROP TYPE account_kind")
