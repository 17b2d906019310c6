"""Where reasons are demanded, this is one.

Revision ID: consent_with_reason
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "consent_with_reason"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    # limbec: allow[destructive-downgrade] the column was never filled
    op.drop_column("accounts", "phone")  # expect: none
