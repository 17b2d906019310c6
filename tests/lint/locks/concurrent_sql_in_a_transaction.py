"""The same as text.

Revision ID: concurrent_sql_in_a_transaction
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "concurrent_sql_in_a_transaction"
down_revision = "initial"


def upgrade():
    op.execute("CREATE INDEX CONCURRENTLY ix_orders_state ON orders (state)")  # expect: concurrently-in-transaction


def downgrade():
    raise NotImplementedError
