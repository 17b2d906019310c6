"""All rows go.

Revision ID: deleted_without_where
Revises: initial
"""
# limbec: irreversible the audit lines are archived elsewhere

from alembic import op

revision = "deleted_without_where"
down_revision = "initial"


def upgrade():
    op.execute("DELETE FROM audit")  # expect: delete-without-where


def downgrade():
    raise NotImplementedError  # expect: none
