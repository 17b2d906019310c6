"""The same with an expression.

Revision ID: updated_without_where_sqlalchemy
Revises: initial
"""
# limbec: irreversible phone numbers must not be kept

import sqlalchemy as sa
from alembic import op

revision = "updated_without_where_sqlalchemy"
down_revision = "initial"

accounts = sa.table("accounts", sa.column("phone", sa.String))


def upgrade():
    op.execute(accounts.update().values(phone=""))  # expect: update-without-where


def downgrade():
    raise NotImplementedError  # expect: none
