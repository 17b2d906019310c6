"""Nobody knows the old names yet.

Revision ID: renamed_new_table
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "renamed_new_table"
down_revision = "initial"


def upgrade():
    op.create_table("bill", sa.Column("id", sa.Integer, primary_key=True), sa.Column("nr", sa.String(20)))
    op.alter_column("bill", "nr", new_column_name="number")  # expect: none
    op.rename_table("bill", "invoices")  # expect: none


def downgrade():
    raise NotImplementedError
