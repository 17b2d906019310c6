"""The table is new.

Revision ID: truncated_own_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "truncated_own_table"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("TRUNCATE TABLE invoices")  # expect: none


def downgrade():
    op.drop_table("invoices")  # expect: none
