"""The seed rows are deleted by their keys.

Revision ID: own_rows
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_rows"
down_revision = "initial"


def upgrade():
    states = sa.table("states", sa.column("code", sa.String), sa.column("label", sa.String))
    op.bulk_insert(states, [{"code": "new", "label": "New"}, {"code": "paid", "label": "Paid"}])


def downgrade():
    op.execute("DELETE FROM states WHERE code IN ('new', 'paid')")  # expect: none
