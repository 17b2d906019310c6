"""The column is made again; its values are not.

Revision ID: column_back_empty
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "column_back_empty"
down_revision = "initial"


def upgrade():
    op.drop_column("accounts", "phone")  # expect: column-dropped


def downgrade():
    op.add_column("accounts", sa.Column("phone", sa.String(30)))  # expect: downgrade-loses-data
