"""The constant names a column of an earlier revision.

Revision ID: foreign_column_by_constant
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_column_by_constant"
down_revision = "initial"

TABLE, COLUMN = "accounts", "phone"


def upgrade():
    op.add_column(TABLE, sa.Column("phone_verified", sa.Boolean))


def downgrade():
    op.drop_column(TABLE, "phone_verified")  # expect: none
    op.drop_column(TABLE, COLUMN)  # expect: destructive-downgrade
