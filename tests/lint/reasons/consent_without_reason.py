"""Where reasons are demanded, a bare consent counts for nothing.

Revision ID: consent_without_reason
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "consent_without_reason"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    # limbec: allow[destructive-downgrade]
    op.drop_column("accounts", "phone")  # expect: destructive-downgrade
