"""The same as text.

Revision ID: foreign_table_in_sql
Revises: initial
"""

from alembic import op

revision = "foreign_table_in_sql"
down_revision = "initial"


def upgrade():
    op.execute("CREATE TABLE invoices (id integer PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE invoices")  # expect: none
    op.execute("DROP TABLE audit")  # expect: destructive-downgrade
