"""What the other branch made is not this one's, before the merge and after it.

Revision ID: 0001_root
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_root"
down_revision = None


def upgrade():
    op.create_table("accounts", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("accounts")  # expect: none
