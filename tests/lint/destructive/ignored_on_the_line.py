"""Ignoring silences as consent does.

Revision ID: ignored_on_the_line
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "ignored_on_the_line"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    op.drop_column("accounts", "phone")  # limbec: ignore[destructive-downgrade] the column was never filled
