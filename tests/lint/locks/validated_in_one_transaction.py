"""The lock of the first statement lasts through the scan of the second.

Revision ID: validated_in_one_transaction
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "validated_in_one_transaction"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TABLE orders ADD CONSTRAINT ck_orders_weight CHECK (weight > 0) NOT VALID")
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_weight")  # expect: validate-in-same-transaction


def downgrade():
    raise NotImplementedError
