"""It refuses, but nobody said that this is meant.

Revision ID: raising_unmarked
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "raising_unmarked"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    raise NotImplementedError()  # expect: unmarked-irreversible
