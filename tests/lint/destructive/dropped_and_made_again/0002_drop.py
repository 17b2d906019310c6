"""After the drop the name is free: what the third revision makes is its own.

Revision ID: 0002_drop
Revises: 0001_create
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_drop"
down_revision = "0001_create"


def upgrade():
    op.drop_table("invoices")  # expect: table-dropped


def downgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))  # expect: downgrade-loses-data
