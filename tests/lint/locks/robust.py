"""A second run goes on where the first one stopped.

Revision ID: robust
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "robust"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(  # expect: none
            "ix_orders_state", "orders", ["state"], postgresql_concurrently=True, if_not_exists=True
        )
        op.execute("CREATE TABLE IF NOT EXISTS scratch (id integer)")  # expect: none
        op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS reference text")  # expect: none


def downgrade():
    raise NotImplementedError
