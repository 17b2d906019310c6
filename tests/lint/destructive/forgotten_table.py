"""Two tables are created, one is dropped.

Revision ID: forgotten_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "forgotten_table"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))  # expect: asymmetric-downgrade


def downgrade():
    op.drop_table("invoices")
