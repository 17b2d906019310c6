"""The type existed before and is only used again.

Revision ID: enum_of_an_earlier_revision
Revises: initial
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "enum_of_an_earlier_revision"
down_revision = "initial"


def upgrade():
    op.create_table(
        "tickets",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("status", postgresql.ENUM("new", "active", "closed", name="account_status", create_type=False)),
    )


def downgrade():
    op.drop_table("tickets")  # expect: none
