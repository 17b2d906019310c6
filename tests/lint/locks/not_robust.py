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
        )  # expect: statement-not-robust
        op.execute("CREATE TABLE scratch (id integer)")  # expect: statement-not-robust
        op.execute("ALTER TABLE orders ADD COLUMN reference text")  # expect: statement-not-robust


def downgrade():
    raise NotImplementedError
