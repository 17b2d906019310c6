"""index lines by account

Revision ID: c4f92b61e835
Revises: b3e81a50d724
Create Date: 2026-02-03 12:00:00+00:00

"""

from alembic import op

revision = "c4f92b61e835"
down_revision = "b3e81a50d724"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        # CONCURRENTLY cannot run inside a transaction.
        with op.get_context().autocommit_block():
            op.create_index(
                op.f("ix_journal_lines_account_id"),
                "journal_lines",
                ["account_id", "entry_id"],
                postgresql_concurrently=True,
            )
    else:
        op.create_index(op.f("ix_journal_lines_account_id"), "journal_lines", ["account_id", "entry_id"])


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.drop_index(op.f("ix_journal_lines_account_id"), table_name="journal_lines", postgresql_concurrently=True)
    else:
        op.drop_index(op.f("ix_journal_lines_account_id"), table_name="journal_lines")
