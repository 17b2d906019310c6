"""The same with an expression.

Revision ID: column_emptied_sqlalchemy
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "column_emptied_sqlalchemy"
down_revision = "initial"

accounts = sa.table("accounts", sa.column("phone", sa.String))


def upgrade():
    op.add_column("accounts", sa.Column("phone_verified", sa.Boolean))


def downgrade():
    op.execute(sa.update(accounts).values(phone=None))  # expect: destructive-downgrade
    op.drop_column("accounts", "phone_verified")  # expect: none
