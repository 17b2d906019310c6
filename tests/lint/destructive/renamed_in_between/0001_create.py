"""The table has another name by now: it is still not this revision's.

Revision ID: 0001_create
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_create"
down_revision = None


def upgrade():
    op.create_table("bill", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("bill")  # expect: none
