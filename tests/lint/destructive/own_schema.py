"""A schema and its table come and go together.

Revision ID: own_schema
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_schema"
down_revision = "initial"


def upgrade():
    op.execute("CREATE SCHEMA billing")
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), schema="billing")


def downgrade():
    op.drop_table("invoices", schema="billing")  # expect: none
    op.execute("DROP SCHEMA billing")  # expect: none
