"""After the drop the name is free: what the third revision makes is its own.

Revision ID: 0003_again
Revises: 0002_drop
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_again"
down_revision = "0002_drop"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("number", sa.String(20)))


def downgrade():
    op.drop_table("invoices")  # expect: none
