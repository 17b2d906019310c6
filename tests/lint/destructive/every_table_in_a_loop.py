"""Tear-down of everything, as if this were the only revision.

Revision ID: every_table_in_a_loop
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "every_table_in_a_loop"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    for table in ["invoices", "audit", "orders", "accounts"]:
        op.drop_table(table)  # expect: destructive-downgrade
