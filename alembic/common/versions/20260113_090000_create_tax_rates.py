"""create tax rates

Revision ID: d16f83b0c5e2
Revises: 8a52e0c41d97
Create Date: 2026-01-13 09:00:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "d16f83b0c5e2"
down_revision = "8a52e0c41d97"
branch_labels = ("tax",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tax_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("kind", sa.Enum("vat", "sales", "withholding", name="tax_kind"), nullable=False),
        sa.Column("percent", sa.Numeric(6, 3), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("country", "kind", "valid_from", name=op.f("uq_tax_rates_country")),
    )


def downgrade() -> None:
    op.drop_table("tax_rates")
    if op.get_context().dialect.name == "postgresql":
        # The type was created with the table, but outlives it.
        op.execute("DROP TYPE tax_kind")
