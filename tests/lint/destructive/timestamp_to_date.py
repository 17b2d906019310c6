"""The time of day is lost.

Revision ID: timestamp_to_date
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "timestamp_to_date"
down_revision = "initial"


def upgrade():
    op.alter_column(  # expect: type-narrowed
        "accounts", "created_at", existing_type=sa.DateTime(timezone=True), type_=sa.Date()
    )


def downgrade():
    op.alter_column(  # expect: none
        "accounts", "created_at", existing_type=sa.Date(), type_=sa.DateTime(timezone=True)
    )
