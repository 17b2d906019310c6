"""The table is locked while every row is checked.

Revision ID: check
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "check"
down_revision = "initial"


def upgrade():
    op.create_check_constraint("ck_orders_total", "orders", "total >= 0")  # expect: check-validated-at-once
    op.execute(
        "ALTER TABLE orders ADD CONSTRAINT ck_orders_weight CHECK (weight > 0)"
    )  # expect: check-validated-at-once
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.create_check_constraint("ck_accounts_visits", "visits >= 0")  # expect: check-validated-at-once


def downgrade():
    raise NotImplementedError
