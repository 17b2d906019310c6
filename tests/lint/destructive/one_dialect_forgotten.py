"""On SQLite the table stays.

Revision ID: one_dialect_forgotten
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "one_dialect_forgotten"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_invoices_id ON invoices USING brin (id)")


def downgrade():
    op.drop_table("invoices")  # expect: none
