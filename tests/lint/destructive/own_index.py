"""An index holds no data of its own.

Revision ID: own_index
Revises: initial
"""

from alembic import op

revision = "own_index"
down_revision = "initial"


def upgrade():
    op.create_index("ix_orders_state", "orders", ["state"])


def downgrade():
    op.drop_index("ix_orders_state", table_name="orders")  # expect: none
