"""Alembic's own way out of the transaction.

Revision ID: autocommit_block
Revises: initial
"""

from alembic import op

revision = "autocommit_block"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_state", "orders", ["state"], postgresql_concurrently=True, if_not_exists=True)


def downgrade():
    with op.get_context().autocommit_block():  # expect: none
        op.drop_index("ix_orders_state", "orders", postgresql_concurrently=True, if_exists=True)
