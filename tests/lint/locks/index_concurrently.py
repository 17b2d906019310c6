"""Built beside the writers, outside of the transaction, and safe to run again.

Revision ID: index_concurrently
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "index_concurrently"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(  # expect: none
            "ix_orders_state", "orders", ["state"], postgresql_concurrently=True, if_not_exists=True
        )
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_size ON orders (size)")  # expect: none


def downgrade():
    raise NotImplementedError
