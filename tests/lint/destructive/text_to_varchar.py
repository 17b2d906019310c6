"""Text has no limit, varchar(50) has one.

Revision ID: text_to_varchar
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "text_to_varchar"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "notes", existing_type=sa.Text(), type_=sa.String(50))  # expect: type-narrowed


def downgrade():
    op.alter_column("accounts", "notes", existing_type=sa.String(50), type_=sa.Text())  # expect: none
