"""The type is known from two revisions before, through SQL and a batch.

Revision ID: 0002_widen
Revises: 0001_create
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_widen"
down_revision = "0001_create"


def upgrade():
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.alter_column("number", type_=sa.String(40))  # expect: none


def downgrade():
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.alter_column("number", type_=sa.String(20))  # expect: none
