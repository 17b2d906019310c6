"""The table is made again; its rows are not.

Revision ID: table_back_empty
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "table_back_empty"
down_revision = "initial"


def upgrade():
    op.drop_table("audit")  # expect: table-dropped


def downgrade():
    op.create_table(  # expect: downgrade-loses-data
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("line", sa.Text),
    )
