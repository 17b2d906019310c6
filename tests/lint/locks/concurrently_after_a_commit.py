"""A COMMIT in SQL is not seen by Alembic, but it ends the transaction.

Revision ID: concurrently_after_a_commit
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "concurrently_after_a_commit"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_orders_state ON orders (state)")  # expect: none
    op.add_column("orders", sa.Column("reference", sa.String(50)))


def downgrade():
    raise NotImplementedError
