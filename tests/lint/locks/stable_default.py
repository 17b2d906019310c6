"""One value for all rows: PostgreSQL only notes it down.

Revision ID: stable_default
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "stable_default"
down_revision = "initial"


def upgrade():
    op.add_column(  # expect: none
        "accounts", sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.func.now())
    )
    op.add_column("orders", sa.Column("priority", sa.Integer, server_default="0"))  # expect: none
    op.execute("ALTER TABLE orders ADD COLUMN placed_at timestamptz DEFAULT now()")  # expect: none


def downgrade():
    raise NotImplementedError
