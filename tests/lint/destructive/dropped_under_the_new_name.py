"""Created under one name, renamed in the same upgrade, dropped under the other.

Revision ID: dropped_under_the_new_name
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "dropped_under_the_new_name"
down_revision = "initial"


def upgrade():
    op.create_table("invoice", sa.Column("id", sa.Integer, primary_key=True))
    op.rename_table("invoice", "invoices")


def downgrade():
    op.drop_table("invoices")  # expect: none
