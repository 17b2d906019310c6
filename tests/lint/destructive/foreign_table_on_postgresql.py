"""Only one dialect branch destroys.

Revision ID: foreign_table_on_postgresql
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_table_on_postgresql"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TABLE audit CASCADE")  # expect: destructive-downgrade
    op.drop_table("invoices")  # expect: none
