"""The index was built before, beside the writers.

Revision ID: unique_using_index
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "unique_using_index"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ux_accounts_phone ON accounts (phone)")
    op.execute(
        "ALTER TABLE accounts ADD CONSTRAINT uq_accounts_phone UNIQUE USING INDEX ux_accounts_phone"
    )  # expect: none


def downgrade():
    raise NotImplementedError
