"""A column's index goes with the column.

Revision ID: own_column_with_its_index
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_column_with_its_index"
down_revision = "initial"


def upgrade():
    op.add_column("orders", sa.Column("reference", sa.String(50)))
    op.create_index("ix_orders_reference", "orders", ["reference"])


def downgrade():
    op.drop_column("orders", "reference")  # expect: none
