"""The table is one revision's, the drop another's.

Revision ID: 0001_create
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_create"
down_revision = None


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("total", sa.Numeric(12, 2)))


def downgrade():
    op.drop_table("invoices")  # expect: none
