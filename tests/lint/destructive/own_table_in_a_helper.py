"""Helper functions of the same file do the work.

Revision ID: own_table_in_a_helper
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_in_a_helper"
down_revision = "initial"


def make(name):
    op.create_table(name, sa.Column("id", sa.Integer, primary_key=True))


def unmake(name):
    op.drop_table(name)  # expect: none


def upgrade():
    make("invoices")
    make("receipts")


def downgrade():
    unmake("receipts")
    unmake("invoices")
