"""Chosen rows.

Revision ID: filtered
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "filtered"
down_revision = "initial"


def upgrade():
    op.execute("DELETE FROM orders WHERE total IS NULL")  # expect: none
    op.execute("UPDATE states SET label = upper(label) WHERE code = 'new'")  # expect: none


def downgrade():
    raise NotImplementedError
