"""PostgreSQL 12 takes the validated constraint as the proof and reads nothing.

Revision ID: not_null_after_a_check
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "not_null_after_a_check"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders DROP CONSTRAINT IF EXISTS ck_orders_state")
        op.execute("ALTER TABLE orders ADD CONSTRAINT ck_orders_state CHECK (state IS NOT NULL) NOT VALID")
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_state")
    op.alter_column("orders", "state", existing_type=sa.String(20), nullable=False)  # expect: none


def downgrade():
    raise NotImplementedError
