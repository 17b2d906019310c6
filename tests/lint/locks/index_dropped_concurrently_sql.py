"""The same as text.

Revision ID: index_dropped_concurrently_sql
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "index_dropped_concurrently_sql"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_orders_account_id")  # expect: none


def downgrade():
    raise NotImplementedError
