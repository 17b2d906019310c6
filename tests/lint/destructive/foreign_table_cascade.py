"""CASCADE makes it worse, not better.

Revision ID: foreign_table_cascade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_table_cascade"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.execute(sa.text("DROP TABLE invoices, orders CASCADE"))  # expect: destructive-downgrade
