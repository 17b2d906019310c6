"""The type that create_table made is dropped after its table.

Revision ID: own_enum
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_enum"
down_revision = "initial"


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("priority", sa.Enum("low", "high", name="ticket_priority")),
    )


def downgrade():
    op.drop_table("tickets")  # expect: none
    sa.Enum(name="ticket_priority").drop(op.get_bind())  # expect: none
