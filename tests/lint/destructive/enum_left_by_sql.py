"""CREATE TYPE without DROP TYPE.

Revision ID: enum_left_by_sql
Revises: initial
"""

from alembic import op

revision = "enum_left_by_sql"
down_revision = "initial"


def upgrade():
    op.execute("CREATE TYPE ticket_priority AS ENUM ('low', 'high')")  # expect: enum-not-dropped
    op.execute("ALTER TABLE orders ADD COLUMN priority ticket_priority")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN priority")
