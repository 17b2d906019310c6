"""The same as text.

Revision ID: column_back_empty_sql
Revises: initial
"""

from alembic import op

revision = "column_back_empty_sql"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TABLE accounts DROP COLUMN phone")  # expect: column-dropped


def downgrade():
    op.execute("ALTER TABLE accounts ADD COLUMN phone varchar(30)")  # expect: downgrade-loses-data
