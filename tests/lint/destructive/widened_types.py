"""Everything that fitted before fits now.

Revision ID: widened_types
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "widened_types"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "email", existing_type=sa.String(100), type_=sa.String(200))  # expect: none
    op.alter_column("accounts", "phone", existing_type=sa.String(30), type_=sa.Text())  # expect: none
    op.alter_column("orders", "account_id", existing_type=sa.Integer(), type_=sa.BigInteger())  # expect: none
    op.alter_column(  # expect: none
        "accounts", "balance", existing_type=sa.Numeric(18, 4), type_=sa.Numeric(24, 6)
    )


def downgrade():
    op.alter_column(  # expect: none
        "accounts", "balance", existing_type=sa.Numeric(24, 6), type_=sa.Numeric(18, 4)
    )
    op.alter_column("orders", "account_id", existing_type=sa.BigInteger(), type_=sa.Integer())  # expect: none
    op.alter_column("accounts", "phone", existing_type=sa.Text(), type_=sa.String(30))  # expect: none
    op.alter_column("accounts", "email", existing_type=sa.String(200), type_=sa.String(100))  # expect: none
