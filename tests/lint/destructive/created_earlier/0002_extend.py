"""The table is one revision's, the drop another's.

Revision ID: 0002_extend
Revises: 0001_create
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_extend"
down_revision = "0001_create"


def upgrade():
    op.add_column("invoices", sa.Column("paid", sa.Boolean))


def downgrade():
    op.drop_table("invoices")  # expect: destructive-downgrade
