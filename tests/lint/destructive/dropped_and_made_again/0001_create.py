"""After the drop the name is free: what the third revision makes is its own.

Revision ID: 0001_create
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_create"
down_revision = None


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("invoices")  # expect: none
