"""Longer values are cut or make it fail.

Revision ID: shorter_varchar
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "shorter_varchar"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "email", existing_type=sa.String(100), type_=sa.String(50))  # expect: type-narrowed


def downgrade():
    op.alter_column("accounts", "email", existing_type=sa.String(50), type_=sa.String(100))  # expect: none
