"""The downgrade drops the column that the upgrade added.

Revision ID: own_column
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_column"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
