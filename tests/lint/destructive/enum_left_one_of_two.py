"""Two types, one DROP.

Revision ID: enum_left_one_of_two
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "enum_left_one_of_two"
down_revision = "initial"


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("priority", sa.Enum("low", "high", name="ticket_priority")),
        sa.Column("kind", sa.Enum("bug", "wish", name="ticket_kind")),  # expect: enum-not-dropped
    )


def downgrade():
    op.drop_table("tickets")
    op.execute("DROP TYPE IF EXISTS ticket_priority")
