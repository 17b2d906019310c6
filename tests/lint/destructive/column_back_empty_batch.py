"""The same in batches.

Revision ID: column_back_empty_batch
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "column_back_empty_batch"
down_revision = "initial"


def upgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_column("phone")  # expect: column-dropped


def downgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("phone", sa.String(30)))  # expect: downgrade-loses-data
