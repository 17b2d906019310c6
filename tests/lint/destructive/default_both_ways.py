"""A server default comes and goes; rows stay as they are.

Revision ID: default_both_ways
Revises: initial
"""

from alembic import op

revision = "default_both_ways"
down_revision = "initial"


def upgrade():
    op.alter_column("orders", "state", server_default="open")


def downgrade():
    op.alter_column("orders", "state", server_default=None)  # expect: none
