"""create currencies

Revision ID: 8a52e0c41d97
Revises: 3f1c7a9d2b40
Create Date: 2026-01-05 09:15:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "8a52e0c41d97"
down_revision = "3f1c7a9d2b40"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "currencies",
        sa.Column("code", sa.String(3), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_currencies")),
    )


def downgrade() -> None:
    op.drop_table("currencies")
