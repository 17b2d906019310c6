"""What the other branch made is not this one's, before the merge and after it.

Revision ID: 0002_right
Revises: 0001_root
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_right"
down_revision = "0001_root"


def upgrade():
    op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("receipts")  # expect: none
