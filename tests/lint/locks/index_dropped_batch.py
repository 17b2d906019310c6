"""The same in a batch.

Revision ID: index_dropped_batch
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "index_dropped_batch"
down_revision = "initial"


def upgrade():
    with op.batch_alter_table("orders") as batch_op:
        batch_op.drop_index("ix_orders_account_id")  # expect: drop-index-without-concurrently


def downgrade():
    raise NotImplementedError
