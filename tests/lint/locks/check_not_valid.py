"""Only new rows are checked.

Revision ID: check_not_valid
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "check_not_valid"
down_revision = "initial"


def upgrade():
    op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)  # expect: none
    op.execute("ALTER TABLE orders ADD CONSTRAINT ck_orders_weight CHECK (weight > 0) NOT VALID")  # expect: none


def downgrade():
    raise NotImplementedError
