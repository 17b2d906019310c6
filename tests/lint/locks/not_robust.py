"""Outside of the transaction a second run meets what the first one left behind.

Revision ID: not_robust
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "not_robust"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_orders_state", "orders", ["state"], postgresql_concurrently=True
        )  # expect: not-robust-outside-transaction
        op.execute("CREATE TABLE scratch (id integer)")  # expect: not-robust-outside-transaction
        op.execute("ALTER TABLE orders ADD COLUMN reference text")  # expect: not-robust-outside-transaction


def downgrade():
    raise NotImplementedError
