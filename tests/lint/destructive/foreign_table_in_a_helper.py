"""What the helper drops was there before.

Revision ID: foreign_table_in_a_helper
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_table_in_a_helper"
down_revision = "initial"


def drop(name):
    op.drop_table(name)  # expect: destructive-downgrade


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    drop("invoices")
    drop("audit")
