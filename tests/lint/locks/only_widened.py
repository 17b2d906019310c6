"""Nothing is written: the old values fit as they are.

Revision ID: only_widened
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "only_widened"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "name", existing_type=sa.String(200), type_=sa.String(400))  # expect: none
    op.alter_column("accounts", "email", existing_type=sa.String(100), type_=sa.Text())  # expect: none
    op.alter_column("orders", "total", existing_type=sa.Numeric(12, 2), type_=sa.Numeric(14, 2))  # expect: none
    op.alter_column("states", "label", type_=sa.String(200))  # expect: none
    op.execute("ALTER TABLE accounts ALTER COLUMN phone TYPE varchar(60)")  # expect: none
    with op.batch_alter_table("orders") as batch_op:
        batch_op.alter_column("state", existing_type=sa.String(20), type_=sa.String(40))  # expect: none


def downgrade():
    raise NotImplementedError
