"""Added in SQL, dropped with an operation.

Revision ID: own_column_in_sql
Revises: initial
"""

from alembic import op

revision = "own_column_in_sql"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TABLE accounts ADD COLUMN nickname text")


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
