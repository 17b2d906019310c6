"""IF EXISTS keeps it from failing, not from destroying.

Revision ID: dropped_if_it_exists
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "dropped_if_it_exists"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("invoices", if_exists=True)  # expect: none
    op.drop_table("audit", if_exists=True)  # expect: destructive-downgrade
