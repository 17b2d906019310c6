"""The table has another name by now: it is still not this revision's.

Revision ID: 0003_extend
Revises: 0002_rename
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_extend"
down_revision = "0002_rename"


def upgrade():
    op.add_column("invoices", sa.Column("paid", sa.Boolean))


def downgrade():
    op.drop_column("invoices", "paid")  # expect: none
    op.drop_table("invoices")  # expect: destructive-downgrade
