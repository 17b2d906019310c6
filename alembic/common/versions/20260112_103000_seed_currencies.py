"""seed currencies

Revision ID: c90e27f5a816
Revises: b7d4190e6fa3
Create Date: 2026-01-12 10:30:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "c90e27f5a816"
down_revision = "b7d4190e6fa3"
branch_labels = None
depends_on = None

SEED = [
    {"code": "CHF", "name": "Swiss franc", "minor_units": 2},
    {"code": "EUR", "name": "Euro", "minor_units": 2},
    {"code": "JPY", "name": "Yen", "minor_units": 0},
    {"code": "USD", "name": "US dollar", "minor_units": 2},
]

currencies = sa.table(
    "currencies",
    sa.column("code", sa.String),
    sa.column("name", sa.String),
    sa.column("minor_units", sa.SmallInteger),
)


def upgrade() -> None:
    op.bulk_insert(currencies, SEED)


def downgrade() -> None:
    for row in SEED:
        # A row that somebody renamed since is theirs, and stays.
        op.execute(currencies.delete().where(currencies.c.code == row["code"]).where(currencies.c.name == row["name"]))
