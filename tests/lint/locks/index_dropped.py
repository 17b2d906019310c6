"""Dropping waits for, and holds up, everybody.

Revision ID: index_dropped
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "index_dropped"
down_revision = "initial"


def upgrade():
    op.drop_index("ix_orders_account_id", table_name="orders")  # expect: drop-index-without-concurrently


def downgrade():
    raise NotImplementedError
