"""Where the value goes in the order is left to chance; a second run fails.

Revision ID: enum_value
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "enum_value"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TYPE account_status ADD VALUE 'paused'")  # expect: unordered-enum-value


def downgrade():
    raise NotImplementedError
