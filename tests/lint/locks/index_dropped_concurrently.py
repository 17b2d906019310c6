"""Without holding up anybody.

Revision ID: index_dropped_concurrently
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "index_dropped_concurrently"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.drop_index(  # expect: none
            "ix_orders_account_id", "orders", postgresql_concurrently=True, if_exists=True
        )


def downgrade():
    raise NotImplementedError
