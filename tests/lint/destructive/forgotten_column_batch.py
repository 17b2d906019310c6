"""The same in batches.

Revision ID: forgotten_column_batch
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "forgotten_column_batch"
down_revision = "initial"


def upgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("nickname", sa.String(50)))
        batch_op.add_column(sa.Column("locale", sa.String(8)))  # expect: asymmetric-downgrade


def downgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_column("nickname")
