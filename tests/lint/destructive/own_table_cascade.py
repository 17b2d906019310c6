"""CASCADE on a table of this revision can only take along what refers to it.

Revision ID: own_table_cascade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_cascade"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.execute("DROP TABLE IF EXISTS invoices CASCADE")  # expect: none
