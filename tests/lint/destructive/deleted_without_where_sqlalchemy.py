"""The same with expressions, old and new style.

Revision ID: deleted_without_where_sqlalchemy
Revises: initial
"""
# limbec: irreversible the rows are archived elsewhere

import sqlalchemy as sa
from alembic import op

revision = "deleted_without_where_sqlalchemy"
down_revision = "initial"

audit = sa.table("audit", sa.column("id", sa.Integer))
states = sa.table("states", sa.column("code", sa.String))


def upgrade():
    op.execute(sa.delete(audit))  # expect: delete-without-where
    op.execute(states.delete())  # expect: delete-without-where


def downgrade():
    raise NotImplementedError  # expect: none
