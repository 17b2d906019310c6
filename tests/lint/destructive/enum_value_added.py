"""PostgreSQL cannot take a value back: an empty downgrade needs a mark.

Revision ID: enum_value_added
Revises: initial
"""
# limbec: irreversible PostgreSQL cannot remove a value of an enum

from alembic import op

revision = "enum_value_added"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TYPE account_status ADD VALUE IF NOT EXISTS 'paused' AFTER 'active'")


def downgrade():
    raise NotImplementedError  # expect: none
