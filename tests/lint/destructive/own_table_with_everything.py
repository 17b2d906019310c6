"""What hangs on a table goes with it: indexes, constraints.

Revision ID: own_table_with_everything
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_with_everything"
down_revision = "initial"


def upgrade():
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("order_id", sa.Integer, nullable=False),
        sa.Column("number", sa.String(20)),
    )
    op.create_index("ix_invoices_number", "invoices", ["number"])
    op.create_foreign_key("fk_invoices_order", "invoices", "orders", ["order_id"], ["id"])
    op.create_unique_constraint("uq_invoices_number", "invoices", ["number"])


def downgrade():
    op.drop_table("invoices")  # expect: none
