"""The type was made explicitly, for a new column.

Revision ID: enum_left_by_create
Revises: initial
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "enum_left_by_create"
down_revision = "initial"


def upgrade():
    sa.Enum("low", "high", name="ticket_priority").create(op.get_bind())  # expect: enum-not-dropped
    op.add_column("orders", sa.Column("priority", postgresql.ENUM(name="ticket_priority", create_type=False)))


def downgrade():
    op.drop_column("orders", "priority")
