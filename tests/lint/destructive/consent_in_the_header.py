"""The consent stands in the header and counts for the whole file.

Revision ID: consent_in_the_header
Revises: initial
"""
# limbec: allow[destructive-downgrade] the column was never filled

import sqlalchemy as sa
from alembic import op

revision = "consent_in_the_header"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    op.drop_column("accounts", "phone")  # expect: none
