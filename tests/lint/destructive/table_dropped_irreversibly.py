"""Marked as irreversible: the downgrade is honest, the drop still needs consent.

Revision ID: table_dropped_irreversibly
Revises: initial
"""
# limbec: irreversible the audit lines are archived elsewhere

from alembic import op

revision = "table_dropped_irreversibly"
down_revision = "initial"


def upgrade():
    op.drop_table("audit")  # expect: table-dropped


def downgrade():
    raise NotImplementedError("the audit lines are gone")  # expect: none
