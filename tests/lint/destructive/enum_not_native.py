"""A varchar with a name: there is no type to drop.

Revision ID: enum_not_native
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "enum_not_native"
down_revision = "initial"


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("priority", sa.Enum("low", "high", name="ticket_priority", native_enum=False)),  # expect: none
    )


def downgrade():
    op.drop_table("tickets")  # expect: none
