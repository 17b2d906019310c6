"""A new column takes over the values of an old one, and gives them back.

Revision ID: copied_column_and_back
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "copied_column_and_back"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("telephone", sa.String(30)))
    op.execute("UPDATE accounts SET telephone = phone WHERE phone IS NOT NULL")
    op.drop_column("accounts", "phone")  # expect: column-dropped


def downgrade():
    op.add_column("accounts", sa.Column("phone", sa.String(30)))  # expect: none
    op.execute("UPDATE accounts SET phone = telephone WHERE telephone IS NOT NULL")
    op.drop_column("accounts", "telephone")  # expect: none
