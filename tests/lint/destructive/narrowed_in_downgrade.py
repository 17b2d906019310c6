"""The upgrade never widened this column.

Revision ID: narrowed_in_downgrade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "narrowed_in_downgrade"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
    op.alter_column(  # expect: destructive-downgrade
        "accounts", "name", existing_type=sa.String(200), type_=sa.String(20)
    )
