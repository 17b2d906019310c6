"""Two statements in one text: the second destroys.

Revision ID: several_statements_in_one_text
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "several_statements_in_one_text"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.execute("DROP TABLE invoices; DROP TABLE audit;")  # expect: destructive-downgrade
