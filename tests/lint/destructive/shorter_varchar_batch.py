"""In a batch, as SQLite needs it.

Revision ID: shorter_varchar_batch
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "shorter_varchar_batch"
down_revision = "initial"


def upgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(100), type_=sa.String(50))  # expect: type-narrowed


def downgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(50), type_=sa.String(100))  # expect: none
