"""Rows that hold the value have nowhere to go.

Revision ID: enum_value_removed
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "enum_value_removed"
down_revision = "initial"

old = sa.Enum("new", "active", "closed", name="account_status")
new = sa.Enum("new", "active", name="account_state")


def upgrade():
    new.create(op.get_bind())
    op.alter_column(  # expect: type-narrowed
        "accounts", "status", existing_type=old, type_=new, postgresql_using="status::text::account_state"
    )


def downgrade():
    op.alter_column(  # expect: none
        "accounts", "status", existing_type=new, type_=old, postgresql_using="status::text::account_status"
    )
    new.drop(op.get_bind())
