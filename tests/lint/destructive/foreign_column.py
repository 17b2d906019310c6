"""The column was there before this revision.

Revision ID: foreign_column
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_column"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    op.drop_column("accounts", "phone")  # expect: destructive-downgrade
