"""Every row gets another value.

Revision ID: updated_without_where
Revises: initial
"""
# limbec: irreversible nobody needs the old spelling

from alembic import op

revision = "updated_without_where"
down_revision = "initial"


def upgrade():
    op.execute("UPDATE accounts SET email = lower(email)")  # expect: update-without-where


def downgrade():
    raise NotImplementedError  # expect: none
