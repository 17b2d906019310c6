"""CREATE TYPE on one side, DROP TYPE on the other, both as text.

Revision ID: own_enum_dropped_in_sql
Revises: initial
"""

from alembic import op

revision = "own_enum_dropped_in_sql"
down_revision = "initial"


def upgrade():
    op.execute("CREATE TYPE ticket_priority AS ENUM ('low', 'high')")
    op.execute("ALTER TABLE orders ADD COLUMN priority ticket_priority")


def downgrade():
    op.execute("ALTER TABLE orders DROP COLUMN priority")  # expect: none
    op.execute("DROP TYPE ticket_priority")  # expect: none
