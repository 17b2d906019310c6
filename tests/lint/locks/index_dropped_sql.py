"""The same as text.

Revision ID: index_dropped_sql
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "index_dropped_sql"
down_revision = "initial"


def upgrade():
    op.execute("DROP INDEX ix_orders_account_id")  # expect: drop-index-without-concurrently


def downgrade():
    raise NotImplementedError
