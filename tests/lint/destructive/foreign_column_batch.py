"""The same in a batch.

Revision ID: foreign_column_batch
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_column_batch"
down_revision = "initial"


def upgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("nickname", sa.String(50)))


def downgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_column("nickname")  # expect: none
        batch_op.drop_column("phone")  # expect: destructive-downgrade
