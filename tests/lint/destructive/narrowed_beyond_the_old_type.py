"""Back to less than it was before.

Revision ID: narrowed_beyond_the_old_type
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "narrowed_beyond_the_old_type"
down_revision = "initial"


def upgrade():
    op.alter_column(  # expect: none
        "accounts", "name", existing_type=sa.String(200), type_=sa.String(400)
    )


def downgrade():
    op.alter_column(  # expect: destructive-downgrade
        "accounts", "name", existing_type=sa.String(400), type_=sa.String(100)
    )
