"""Created in SQL, dropped with an operation, and the other way round.

Revision ID: own_table_in_sql
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_in_sql"
down_revision = "initial"


def upgrade():
    op.execute("CREATE TABLE invoices (id integer PRIMARY KEY, total numeric(12, 2))")
    op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.execute("DROP TABLE receipts")  # expect: none
    op.drop_table("invoices")  # expect: none
