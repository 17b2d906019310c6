"""The names are built of constants.

Revision ID: own_table_by_fstring
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_by_fstring"
down_revision = "initial"

PREFIX = "billing"


def upgrade():
    op.create_table(f"{PREFIX}_invoices", sa.Column("id", sa.Integer, primary_key=True))
    op.execute(f"CREATE TABLE {PREFIX}_receipts (id integer PRIMARY KEY)")


def downgrade():
    op.execute(f"DROP TABLE {PREFIX}_receipts")  # expect: none
    op.drop_table(f"{PREFIX}_invoices")  # expect: none
