"""Nobody else uses the table yet.

Revision ID: index_of_a_new_table
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "index_of_a_new_table"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("number", sa.String(20)))
    op.create_index("ix_invoices_number", "invoices", ["number"])  # expect: none
    op.execute("CREATE INDEX ix_invoices_both ON invoices (number, id)")  # expect: none
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.create_index("ix_invoices_id", ["id"])  # expect: none


def downgrade():
    raise NotImplementedError
