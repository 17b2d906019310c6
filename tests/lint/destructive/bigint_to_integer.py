"""Large numbers do not fit any more.

Revision ID: bigint_to_integer
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "bigint_to_integer"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "visits", existing_type=sa.BigInteger(), type_=sa.Integer())  # expect: type-narrowed


def downgrade():
    op.alter_column("accounts", "visits", existing_type=sa.Integer(), type_=sa.BigInteger())  # expect: none
