"""Asking first whether the table is there does not make it this revision's.

Revision ID: foreign_table_guarded
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_table_guarded"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("invoices")  # expect: none
    if sa.inspect(op.get_bind()).has_table("audit"):
        op.drop_table("audit")  # expect: destructive-downgrade
