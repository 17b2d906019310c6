"""One Enum object, created and dropped by name in both functions.

Revision ID: own_enum_shared_object
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_enum_shared_object"
down_revision = "initial"

priority = sa.Enum("low", "high", name="ticket_priority")


def upgrade():
    priority.create(op.get_bind(), checkfirst=True)
    op.add_column("orders", sa.Column("priority", priority))


def downgrade():
    op.drop_column("orders", "priority")  # expect: none
    priority.drop(op.get_bind(), checkfirst=True)  # expect: none
