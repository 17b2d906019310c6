"""The column is dropped from another table, where there is one of that name.

Revision ID: wrong_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "wrong_table"
down_revision = "initial"


def upgrade():
    op.add_column("orders", sa.Column("notes", sa.Text))  # expect: asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "notes")  # expect: destructive-downgrade
