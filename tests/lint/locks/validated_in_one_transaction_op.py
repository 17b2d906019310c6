"""The same with an operation.

Revision ID: validated_in_one_transaction_op
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "validated_in_one_transaction_op"
down_revision = "initial"


def upgrade():
    op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total")  # expect: validate-in-same-transaction


def downgrade():
    raise NotImplementedError
