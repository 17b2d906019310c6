"""Dropping is no better.

Revision ID: concurrent_drop_in_transaction
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "concurrent_drop_in_transaction"
down_revision = "initial"


def upgrade():
    op.drop_index("ix_orders_account_id", "orders", postgresql_concurrently=True)  # expect: concurrently-in-transaction


def downgrade():
    raise NotImplementedError
