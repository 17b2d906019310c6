"""A rename and its inverse lose nothing.

Revision ID: renamed_both_ways
Revises: initial
"""

from alembic import op

revision = "renamed_both_ways"
down_revision = "initial"


def upgrade():
    op.rename_table("audit", "journal")
    op.alter_column("orders", "state", new_column_name="status")


def downgrade():
    op.alter_column("orders", "status", new_column_name="state")  # expect: none
    op.rename_table("journal", "audit")  # expect: none
