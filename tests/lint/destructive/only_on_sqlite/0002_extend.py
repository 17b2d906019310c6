"""A history for SQLite alone, in batches, without any SQL of PostgreSQL.

Revision ID: 0002_extend
Revises: 0001_create
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_extend"
down_revision = "0001_create"


def upgrade():
    with op.batch_alter_table("notes") as batch_op:
        batch_op.add_column(sa.Column("pinned", sa.Boolean))


def downgrade():
    with op.batch_alter_table("notes") as batch_op:
        batch_op.drop_column("pinned")  # expect: none
        batch_op.drop_column("body")  # expect: destructive-downgrade
