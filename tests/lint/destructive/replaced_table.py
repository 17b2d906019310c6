"""The old table goes, another shape comes under its name.

Revision ID: replaced_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "replaced_table"
down_revision = "initial"


def upgrade():
    op.drop_table("audit")  # expect: table-dropped
    op.create_table("audit", sa.Column("id", sa.Integer, primary_key=True), sa.Column("event", sa.JSON))


def downgrade():
    op.drop_table("audit")
    op.create_table(  # expect: downgrade-loses-data
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("line", sa.Text),
    )
