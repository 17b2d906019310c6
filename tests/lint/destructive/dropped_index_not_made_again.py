"""The upgrade took an index away; after the downgrade it is still missing.

Revision ID: dropped_index_not_made_again
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "dropped_index_not_made_again"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))
    op.drop_index("ix_orders_account_id", table_name="orders")  # expect: asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "nickname")
