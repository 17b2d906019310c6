"""NOT NULL goes on and off.

Revision ID: nullable_both_ways
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "nullable_both_ways"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "name", existing_type=sa.String(200), nullable=True)


def downgrade():
    op.alter_column("accounts", "name", existing_type=sa.String(200), nullable=False)  # expect: none
