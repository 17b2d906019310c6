"""Made, used and dropped within one upgrade.

Revision ID: temporary_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "temporary_table"
down_revision = "initial"


def upgrade():
    op.create_table("latest", sa.Column("id", sa.Integer), sa.Column("state", sa.String(20)))
    op.execute("INSERT INTO latest SELECT id, state FROM orders")
    op.create_index("ix_orders_state", "orders", ["state"])
    op.drop_table("latest")  # expect: none


def downgrade():
    op.drop_index("ix_orders_state", table_name="orders")  # expect: none
