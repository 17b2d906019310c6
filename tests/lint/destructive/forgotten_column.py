"""Two columns are added, one is dropped.

Revision ID: forgotten_column
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "forgotten_column"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))
    op.add_column("accounts", sa.Column("locale", sa.String(8)))  # expect: asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "nickname")
