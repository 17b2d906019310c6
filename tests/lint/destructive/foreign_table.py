"""The table was there before this revision.

Revision ID: foreign_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_table"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("invoices")  # expect: none
    op.drop_table("audit")  # expect: destructive-downgrade
