"""The table is written anew under a lock that stops everything.

Revision ID: vacuum_full
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "vacuum_full"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("VACUUM FULL audit")  # expect: blocking-rewrite


def downgrade():
    raise NotImplementedError
