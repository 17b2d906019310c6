"""An autocommit block changes when, not what.

Revision ID: dropped_outside_the_transaction
Revises: initial
"""
# limbec: irreversible the audit lines are archived elsewhere

from alembic import op

revision = "dropped_outside_the_transaction"
down_revision = "initial"


def upgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP TABLE IF EXISTS audit")  # expect: table-dropped


def downgrade():
    raise NotImplementedError  # expect: none
