"""A history for SQLite alone, in batches, without any SQL of PostgreSQL.

Revision ID: 0001_create
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001_create"
down_revision = None


def upgrade():
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(100)),
        sa.Column("body", sa.Text),
    )


def downgrade():
    op.drop_table("notes")  # expect: none
