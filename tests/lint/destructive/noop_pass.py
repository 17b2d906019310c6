"""The upgrade changes something, the downgrade says that it undid it.

Revision ID: noop_pass
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "noop_pass"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():  # expect: silent-noop-downgrade
    pass
