"""Alembic's operations under another name.

Revision ID: other_import_names
Revises: initial
"""

import alembic
import sqlalchemy as sa
from alembic import op as operations

revision = "other_import_names"
down_revision = "initial"


def upgrade():
    operations.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    operations.drop_table("invoices")  # expect: none
    alembic.op.drop_table("audit")  # expect: destructive-downgrade
