"""Several tables, and what refers to them.

Revision ID: truncate_cascade_in_downgrade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "truncate_cascade_in_downgrade"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.execute("TRUNCATE accounts, audit CASCADE")  # expect: destructive-downgrade
    op.drop_table("invoices")  # expect: none
