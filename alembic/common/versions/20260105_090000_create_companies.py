"""create companies

Revision ID: 3f1c7a9d2b40
Revises:
Create Date: 2026-01-05 09:00:00+00:00

"""

import sqlalchemy as sa
from alembic import op

revision = "3f1c7a9d2b40"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("vat_number", sa.String(32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.current_timestamp(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("name", name=op.f("uq_companies_name")),
    )


def downgrade() -> None:
    op.drop_table("companies")
