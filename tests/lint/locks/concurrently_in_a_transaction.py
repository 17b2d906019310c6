"""PostgreSQL refuses: the run fails.

Revision ID: concurrently_in_a_transaction
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "concurrently_in_a_transaction"
down_revision = "initial"


def upgrade():
    op.create_index(
        "ix_orders_state", "orders", ["state"], postgresql_concurrently=True
    )  # expect: concurrently-in-transaction


def downgrade():
    raise NotImplementedError
