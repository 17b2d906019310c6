"""Guards against running twice change nothing about whose table it is.

Revision ID: guarded_own_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "guarded_own_table"
down_revision = "initial"


def upgrade():
    if not sa.inspect(op.get_bind()).has_table("invoices"):
        op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    if sa.inspect(op.get_bind()).has_table("invoices"):
        op.drop_table("invoices")  # expect: none
