"""PostgreSQL cuts names after 63 bytes: the name is another one then.

Revision ID: long_name
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "long_name"
down_revision = "initial"


def upgrade():
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("the_number_that_the_customer_sees_on_the_invoice", sa.String(20)),
    )
    op.execute(  # expect: identifier-too-long
        "CREATE INDEX ix_invoices_the_number_that_the_customer_sees_on_the_invoice_lower ON invoices (id)"
    )
    op.create_table(  # expect: identifier-too-long
        "a_table_with_a_name_that_goes_on_and_on_until_nobody_reads_it_any_more",
        sa.Column("id", sa.Integer, primary_key=True),
    )


def downgrade():
    raise NotImplementedError
