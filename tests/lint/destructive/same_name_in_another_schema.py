"""Created in one schema, dropped in another.

Revision ID: same_name_in_another_schema
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "same_name_in_another_schema"
down_revision = "initial"


def upgrade():
    op.create_table("daily", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("daily")  # expect: none
    op.drop_table("daily", schema="reporting")  # expect: destructive-downgrade
