"""Code of before the upgrade will look for the column.

Revision ID: dropped_column_not_made_again
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "dropped_column_not_made_again"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))
    op.drop_column("accounts", "phone")  # expect: column-dropped, asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "nickname")
