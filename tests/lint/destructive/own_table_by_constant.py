"""The table's name is a constant of the module.

Revision ID: own_table_by_constant
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_by_constant"
down_revision = "initial"

TABLE = "invoices"


def upgrade():
    op.create_table(TABLE, sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table(TABLE)  # expect: none
