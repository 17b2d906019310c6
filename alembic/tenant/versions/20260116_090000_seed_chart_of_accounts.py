"""seed chart of accounts

Revision ID: 80b5e72da4f1
Revises: 7fa4d61c93e0
Create Date: 2026-01-16 09:00:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "80b5e72da4f1"
down_revision = "7fa4d61c93e0"
branch_labels = None
depends_on = None

SEED = [
    {"code": "1000", "name": "Cash", "kind": "asset", "normal_side": "debit"},
    {"code": "1200", "name": "Receivables", "kind": "asset", "normal_side": "debit"},
    {"code": "2000", "name": "Payables", "kind": "liability", "normal_side": "credit"},
    {"code": "3000", "name": "Capital", "kind": "equity", "normal_side": "credit"},
    {"code": "4000", "name": "Sales", "kind": "income", "normal_side": "credit"},
    {"code": "5000", "name": "Wages", "kind": "expense", "normal_side": "debit"},
]

accounts = sa.table(
    "accounts",
    sa.column("id", sa.Integer),
    sa.column("code", sa.String),
    sa.column("name", sa.String),
    sa.column("kind", sa.Enum(name="account_kind")),
    sa.column("normal_side", sa.Enum(name="ledger_side")),
)
journal_lines = sa.table("journal_lines", sa.column("account_id", sa.Integer))


def upgrade() -> None:
    op.bulk_insert(accounts, SEED)


def downgrade() -> None:
    used = sa.select(journal_lines.c.account_id)
    for row in SEED:
        # An account that is booked on, or was renamed, is the tenant's own by now, and stays.
        op.execute(
            accounts.delete()
            .where(accounts.c.code == row["code"])
            .where(accounts.c.name == row["name"])
            .where(accounts.c.id.not_in(used))
        )
