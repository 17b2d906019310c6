"""The table is locked against writes for as long as the build takes.

Revision ID: index
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "index"
down_revision = "initial"


def upgrade():
    op.create_index("ix_orders_state", "orders", ["state"])  # expect: index-without-concurrently
    op.execute("CREATE INDEX ix_orders_size ON orders (size)")  # expect: index-without-concurrently
    op.execute(
        sa.text("CREATE UNIQUE INDEX ux_accounts_phone ON accounts (phone)")
    )  # expect: index-without-concurrently
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.create_index("ix_accounts_name", ["name"])  # expect: index-without-concurrently
    op.add_column("orders", sa.Column("reference", sa.String(50), index=True))  # expect: index-without-concurrently


def downgrade():
    raise NotImplementedError
