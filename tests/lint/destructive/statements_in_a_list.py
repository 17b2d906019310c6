"""A list of statements that a loop runs.

Revision ID: statements_in_a_list
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "statements_in_a_list"
down_revision = "initial"

DOWN = [
    "DROP TABLE invoices",
    "DROP TABLE audit",  # expect: destructive-downgrade
]


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    for statement in DOWN:
        op.execute(statement)
