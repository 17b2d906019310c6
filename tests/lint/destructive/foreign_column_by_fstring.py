"""SQL built of constants.

Revision ID: foreign_column_by_fstring
Revises: initial
"""

from alembic import op

revision = "foreign_column_by_fstring"
down_revision = "initial"

TABLE = "accounts"


def upgrade():
    op.execute(f"ALTER TABLE {TABLE} ADD COLUMN nickname text")


def downgrade():
    op.execute(f"ALTER TABLE {TABLE} DROP COLUMN nickname, DROP COLUMN phone")  # expect: destructive-downgrade
