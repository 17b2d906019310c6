"""add currency minor units

Revision ID: b7d4190e6fa3
Revises: 8a52e0c41d97
Create Date: 2026-01-12 10:00:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "b7d4190e6fa3"
down_revision = "8a52e0c41d97"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("currencies", sa.Column("minor_units", sa.SmallInteger(), server_default="2", nullable=False))


def downgrade() -> None:
    op.drop_column("currencies", "minor_units")
