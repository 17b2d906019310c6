"""The operations themselves are imported.

Revision ID: imported_names
Revises: initial
"""

import sqlalchemy as sa
from alembic.op import create_table, drop_table

revision = "imported_names"
down_revision = "initial"


def upgrade():
    create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    drop_table("invoices")  # expect: none
    drop_table("audit")  # expect: destructive-downgrade
