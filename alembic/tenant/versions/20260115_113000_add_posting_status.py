"""add posting status

Revision ID: 91c6f83eb502
Revises: 6e13b9d0a582
Create Date: 2026-01-15 11:30:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "91c6f83eb502"
down_revision = "6e13b9d0a582"
branch_labels = None
depends_on = None

posting_status = sa.Enum("draft", "posted", "void", name="posting_status")


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE TYPE posting_status AS ENUM ('draft', 'posted', 'void')")
    op.add_column("journal_entries", sa.Column("status", posting_status, server_default="draft", nullable=False))
    # Until now, what was written was posted.
    op.execute("UPDATE journal_entries SET status = 'posted'")


def downgrade() -> None:
    op.drop_column("journal_entries", "status")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TYPE posting_status")
