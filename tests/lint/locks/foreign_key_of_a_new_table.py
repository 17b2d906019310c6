"""There are no rows to look up.

Revision ID: foreign_key_of_a_new_table
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "foreign_key_of_a_new_table"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("order_id", sa.Integer))
    op.create_foreign_key("fk_invoices_order", "invoices", "orders", ["order_id"], ["id"])  # expect: none


def downgrade():
    raise NotImplementedError
