"""CASCADE takes along only what this revision put into the schema.

Revision ID: own_schema_cascade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_schema_cascade"
down_revision = "initial"


def upgrade():
    op.execute("CREATE SCHEMA billing")
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), schema="billing")


def downgrade():
    op.execute("DROP SCHEMA billing CASCADE")  # expect: none
