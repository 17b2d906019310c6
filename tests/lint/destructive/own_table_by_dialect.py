"""Both dialect branches mirror each other.

Revision ID: own_table_by_dialect
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "own_table_by_dialect"
down_revision = "initial"


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE invoices (id bigserial PRIMARY KEY)")
    else:
        op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TABLE invoices")  # expect: none
    else:
        op.drop_table("invoices")  # expect: none
