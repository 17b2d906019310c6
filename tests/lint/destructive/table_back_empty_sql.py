"""The same as text.

Revision ID: table_back_empty_sql
Revises: initial
"""

from alembic import op

revision = "table_back_empty_sql"
down_revision = "initial"


def upgrade():
    op.execute("DROP TABLE audit")  # expect: table-dropped


def downgrade():
    op.execute("CREATE TABLE audit (id integer PRIMARY KEY, line text)")  # expect: downgrade-loses-data
