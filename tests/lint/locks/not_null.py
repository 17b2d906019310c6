"""Every row is read under a lock that stops everything.

Revision ID: not_null
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "not_null"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "phone", existing_type=sa.String(30), nullable=False)  # expect: set-not-null
    op.execute("ALTER TABLE orders ALTER COLUMN state SET NOT NULL")  # expect: set-not-null
    with op.batch_alter_table("states") as batch_op:
        batch_op.alter_column("label", existing_type=sa.String(100), nullable=False)  # expect: set-not-null


def downgrade():
    raise NotImplementedError
