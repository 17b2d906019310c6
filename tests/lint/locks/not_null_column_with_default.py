"""The server fills the old rows.

Revision ID: not_null_column_with_default
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "not_null_column_with_default"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("locale", sa.String(8), nullable=False, server_default="en"))  # expect: none
    op.execute("ALTER TABLE accounts ADD COLUMN region text NOT NULL DEFAULT 'eu'")  # expect: none
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(sa.Column("reference", sa.String(50)))  # expect: none


def downgrade():
    raise NotImplementedError
