"""All rows go, in no time.

Revision ID: truncated
Revises: initial
"""
# limbec: irreversible the audit lines are archived elsewhere

from alembic import op

revision = "truncated"
down_revision = "initial"


def upgrade():
    op.execute("TRUNCATE TABLE audit")  # expect: truncate


def downgrade():
    raise NotImplementedError  # expect: none
