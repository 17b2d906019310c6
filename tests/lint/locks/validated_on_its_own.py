"""Each in a transaction of its own.

Revision ID: validated_on_its_own
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "validated_on_its_own"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_weight")
        op.execute("ALTER TABLE orders ADD CONSTRAINT ck_orders_weight CHECK (weight > 0) NOT VALID")
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_weight")  # expect: none


def downgrade():
    raise NotImplementedError
