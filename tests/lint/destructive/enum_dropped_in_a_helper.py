"""A helper drops every type of a list.

Revision ID: enum_dropped_in_a_helper
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "enum_dropped_in_a_helper"
down_revision = "initial"

TYPES = ("ticket_priority", "ticket_kind")


def drop_types():
    for name in TYPES:
        op.execute(f"DROP TYPE {name}")  # expect: none


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("priority", sa.Enum("low", "high", name="ticket_priority")),
        sa.Column("kind", sa.Enum("bug", "wish", name="ticket_kind")),
    )


def downgrade():
    op.drop_table("tickets")
    drop_types()
