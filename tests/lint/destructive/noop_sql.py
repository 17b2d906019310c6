"""The upgrade is written in SQL.

Revision ID: noop_sql
Revises: initial
"""

from alembic import op

revision = "noop_sql"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TABLE accounts ADD COLUMN nickname text")


def downgrade():  # expect: silent-noop-downgrade
    pass
