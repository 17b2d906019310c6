"""Both directions loop over the same literal list.

Revision ID: own_columns_in_a_loop
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_columns_in_a_loop"
down_revision = "initial"

COLUMNS = ["nickname", "locale", "timezone"]


def upgrade():
    for name in COLUMNS:
        op.add_column("accounts", sa.Column(name, sa.String(50)))


def downgrade():
    for name in reversed(COLUMNS):
        op.drop_column("accounts", name)  # expect: none
