"""What the other branch made is not this one's, before the merge and after it.

Revision ID: 0004_after
Revises: 0003_merge
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_after"
down_revision = "0003_merge"


def upgrade():
    op.add_column("receipts", sa.Column("paid", sa.Boolean))


def downgrade():
    op.drop_column("receipts", "paid")  # expect: none
    op.drop_table("invoices")  # expect: destructive-downgrade
