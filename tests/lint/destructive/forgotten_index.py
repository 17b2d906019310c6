"""The table stays, so its new index stays too.

Revision ID: forgotten_index
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "forgotten_index"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))
    op.create_index("ix_accounts_email", "accounts", ["email"])  # expect: asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "nickname")
