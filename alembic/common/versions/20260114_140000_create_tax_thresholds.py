"""create tax thresholds

Revision ID: e4a05c79d3b1
Revises: d16f83b0c5e2
Create Date: 2026-01-14 14:00:00+00:00

Amounts are in minor units of the currency, hence the dependency on the other branch.

"""

import sqlalchemy as sa
from alembic import op

revision = "e4a05c79d3b1"
down_revision = "d16f83b0c5e2"
branch_labels = None
depends_on = "b7d4190e6fa3"


def upgrade() -> None:
    op.create_table(
        "tax_thresholds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tax_rate_id", sa.Integer(), nullable=False),
        sa.Column("currency_code", sa.String(3), nullable=False),
        sa.Column("amount_in_minor_units", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_in_minor_units >= 0", name=op.f("ck_tax_thresholds_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["currency_code"], ["currencies.code"], name=op.f("fk_tax_thresholds_currency_code_currencies")
        ),
        sa.ForeignKeyConstraint(
            ["tax_rate_id"],
            ["tax_rates.id"],
            name=op.f("fk_tax_thresholds_tax_rate_id_tax_rates"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_thresholds")),
    )


def downgrade() -> None:
    op.drop_table("tax_thresholds")
