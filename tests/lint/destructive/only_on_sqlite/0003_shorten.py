"""A history for SQLite alone, in batches, without any SQL of PostgreSQL.

Revision ID: 0003_shorten
Revises: 0002_extend
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_shorten"
down_revision = "0002_extend"


def upgrade():
    with op.batch_alter_table("notes") as batch_op:
        batch_op.drop_column("title")  # expect: column-dropped


def downgrade():
    with op.batch_alter_table("notes") as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(100)))  # expect: downgrade-loses-data
