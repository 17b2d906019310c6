"""existing_type is not given; the history knows it.

Revision ID: shorter_varchar_by_history
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "shorter_varchar_by_history"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "email", type_=sa.String(50))  # expect: type-narrowed


def downgrade():
    op.alter_column("accounts", "email", type_=sa.String(100))  # expect: none
