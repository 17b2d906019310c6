"""Plain VACUUM stands in nobody's way.

Revision ID: vacuum
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "vacuum"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("VACUUM audit")  # expect: none


def downgrade():
    raise NotImplementedError
