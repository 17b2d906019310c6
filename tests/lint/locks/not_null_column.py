"""It fails where there are rows.

Revision ID: not_null_column
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "not_null_column"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("locale", sa.String(8), nullable=False))  # expect: not-null-without-default
    op.execute("ALTER TABLE accounts ADD COLUMN region text NOT NULL")  # expect: not-null-without-default
    with op.batch_alter_table("orders") as batch_op:
        batch_op.add_column(sa.Column("reference", sa.String(50), nullable=False))  # expect: not-null-without-default
    op.add_column(
        "states", sa.Column("rank", sa.Integer, nullable=False, default=0)
    )  # expect: not-null-without-default


def downgrade():
    raise NotImplementedError
