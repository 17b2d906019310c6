"""Any exception counts.

Revision ID: raising_runtime_error
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "raising_runtime_error"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    raise RuntimeError("cannot be undone")  # expect: unmarked-irreversible
