"""It was NOT NULL all along.

Revision ID: not_null_before
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "not_null_before"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "email", existing_type=sa.String(100), nullable=False)  # expect: none
    op.alter_column("accounts", "name", existing_nullable=False, nullable=False, server_default="x")  # expect: none


def downgrade():
    raise NotImplementedError
