"""Nor does an ellipsis.

Revision ID: noop_ellipsis
Revises: initial
"""

from alembic import op

revision = "noop_ellipsis"
down_revision = "initial"


def upgrade():
    op.drop_column("accounts", "phone")  # expect: column-dropped


def downgrade(): ...  # expect: silent-noop-downgrade
