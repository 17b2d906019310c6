"""Consent on one line is none for the next.

Revision ID: consent_for_another_line
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "consent_for_another_line"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    op.drop_column("accounts", "notes")  # limbec: allow[destructive-downgrade] the column was never filled
    op.drop_column("accounts", "phone")  # expect: destructive-downgrade
