"""Rows that hold the value have nowhere to go.

Revision ID: enum_value_removed
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "enum_value_removed"
down_revision = "initial"

old = sa.Enum("small", "medium", "large", name="parcel_size", native_enum=False, length=20)
new = sa.Enum("small", "large", name="parcel_size", native_enum=False, length=20)


def upgrade():
    op.alter_column("orders", "size", existing_type=old, type_=new)  # expect: type-narrowed


def downgrade():
    op.alter_column("orders", "size", existing_type=new, type_=old)  # expect: none
