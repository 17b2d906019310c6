"""Every column of the list comes back empty.

Revision ID: dropped_columns_in_a_loop
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "dropped_columns_in_a_loop"
down_revision = "initial"

COLUMNS = [("phone", sa.String(30)), ("notes", sa.Text())]


def upgrade():
    for name, _ in COLUMNS:
        op.drop_column("accounts", name)  # expect: column-dropped


def downgrade():
    for name, type_ in COLUMNS:
        op.add_column("accounts", sa.Column(name, type_))  # expect: downgrade-loses-data
