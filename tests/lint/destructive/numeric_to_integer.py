"""The fractions are rounded away.

Revision ID: numeric_to_integer
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "numeric_to_integer"
down_revision = "initial"


def upgrade():
    op.alter_column(  # expect: type-narrowed
        "accounts", "balance", existing_type=sa.Numeric(18, 4), type_=sa.Integer()
    )


def downgrade():
    op.alter_column(  # expect: none
        "accounts", "balance", existing_type=sa.Integer(), type_=sa.Numeric(18, 4)
    )
