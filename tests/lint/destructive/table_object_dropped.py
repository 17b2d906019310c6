"""A Table object that drops itself.

Revision ID: table_object_dropped
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "table_object_dropped"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("invoices")  # expect: none
    sa.Table("audit", sa.MetaData()).drop(op.get_bind())  # expect: destructive-downgrade
