"""Every row is written anew under a lock that stops everything.

Revision ID: rewritten
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "rewritten"
down_revision = "initial"


def upgrade():
    op.alter_column("orders", "account_id", existing_type=sa.Integer(), type_=sa.BigInteger())  # expect: type-rewrite
    op.execute("ALTER TABLE accounts ALTER COLUMN notes TYPE jsonb USING to_jsonb(notes)")  # expect: type-rewrite
    with op.batch_alter_table("orders") as batch_op:
        batch_op.alter_column(  # expect: type-rewrite
            "total", existing_type=sa.Numeric(12, 2), type_=sa.Numeric(14, 4)
        )


def downgrade():
    raise NotImplementedError
