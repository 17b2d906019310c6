"""numeric(18, 4) to numeric(18, 2) rounds without a word.

Revision ID: smaller_scale
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "smaller_scale"
down_revision = "initial"


def upgrade():
    op.alter_column(  # expect: type-narrowed
        "accounts", "balance", existing_type=sa.Numeric(18, 4), type_=sa.Numeric(18, 2)
    )


def downgrade():
    op.alter_column(  # expect: none
        "accounts", "balance", existing_type=sa.Numeric(18, 2), type_=sa.Numeric(18, 4)
    )
