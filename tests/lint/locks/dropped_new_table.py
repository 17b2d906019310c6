"""Made and dropped in one revision.

Revision ID: dropped_new_table
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "dropped_new_table"
down_revision = "initial"


def upgrade():
    op.create_table("scratch", sa.Column("id", sa.Integer, primary_key=True), sa.Column("line", sa.Text))
    op.drop_column("scratch", "line")  # expect: none
    op.drop_table("scratch")  # expect: none


def downgrade():
    raise NotImplementedError
