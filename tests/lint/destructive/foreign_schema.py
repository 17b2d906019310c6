"""Everything in the schema goes.

Revision ID: foreign_schema
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_schema"
down_revision = "initial"


def upgrade():
    op.create_table("weekly", sa.Column("id", sa.Integer, primary_key=True), schema="reporting")


def downgrade():
    op.execute("DROP SCHEMA reporting CASCADE")  # expect: destructive-downgrade
