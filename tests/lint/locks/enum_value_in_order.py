"""After which one, and safe to run again.

Revision ID: enum_value_in_order
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "enum_value_in_order"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TYPE account_status ADD VALUE IF NOT EXISTS 'paused' AFTER 'active'")  # expect: none


def downgrade():
    raise NotImplementedError
