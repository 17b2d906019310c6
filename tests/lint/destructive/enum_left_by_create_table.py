"""create_table makes the type, drop_table leaves it.

Revision ID: enum_left_by_create_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "enum_left_by_create_table"
down_revision = "initial"


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("priority", sa.Enum("low", "high", name="ticket_priority")),  # expect: enum-not-dropped
    )


def downgrade():
    op.drop_table("tickets")
