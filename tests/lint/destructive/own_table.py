"""The downgrade drops the table that the upgrade created.

Revision ID: own_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("total", sa.Numeric(12, 2)))


def downgrade():
    op.drop_table("invoices")  # expect: none
