"""The same names, as keywords.

Revision ID: keyword_arguments
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "keyword_arguments"
down_revision = "initial"


def upgrade():
    op.add_column(table_name="accounts", column=sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column(column_name="nickname", table_name="accounts")  # expect: none
    op.drop_column(column_name="phone", table_name="accounts")  # expect: destructive-downgrade
