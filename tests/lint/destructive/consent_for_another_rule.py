"""Consent to one rule is none to another.

Revision ID: consent_for_another_rule
Revises: initial
"""
# limbec: allow[column-dropped] the column was never filled

import sqlalchemy as sa
from alembic import op

revision = "consent_for_another_rule"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    op.drop_column("accounts", "phone")  # expect: destructive-downgrade
