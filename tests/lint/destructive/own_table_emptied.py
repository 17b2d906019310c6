"""All rows of a table of this revision go, and then the table.

Revision ID: own_table_emptied
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_emptied"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.execute("DELETE FROM invoices")  # expect: none
    op.drop_table("invoices")  # expect: none
