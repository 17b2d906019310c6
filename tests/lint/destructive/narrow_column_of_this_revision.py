"""The column is new: it holds nothing that could be cut.

Revision ID: narrow_column_of_this_revision
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "narrow_column_of_this_revision"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True), sa.Column("number", sa.String(50)))
    op.alter_column("invoices", "number", existing_type=sa.String(50), type_=sa.String(20))  # expect: none


def downgrade():
    op.drop_table("invoices")  # expect: none
