"""The same with the table's method.

Revision ID: all_rows_deleted_by_method
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "all_rows_deleted_by_method"
down_revision = "initial"

states = sa.table("states", sa.column("code", sa.String), sa.column("label", sa.String))


def upgrade():
    op.bulk_insert(states, [{"code": "new", "label": "New"}])


def downgrade():
    op.get_bind().execute(states.delete())  # expect: destructive-downgrade
