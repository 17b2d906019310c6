"""The same with an expression.

Revision ID: own_rows_sqlalchemy
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_rows_sqlalchemy"
down_revision = "initial"

states = sa.table("states", sa.column("code", sa.String), sa.column("label", sa.String))


def upgrade():
    op.bulk_insert(states, [{"code": "new", "label": "New"}])


def downgrade():
    op.execute(sa.delete(states).where(states.c.code == "new"))  # expect: none
