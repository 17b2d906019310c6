"""As text.

Revision ID: shorter_varchar_sql
Revises: initial
"""

from alembic import op

revision = "shorter_varchar_sql"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN email TYPE varchar(50)")  # expect: type-narrowed


def downgrade():
    op.execute("ALTER TABLE accounts ALTER COLUMN email TYPE varchar(100)")  # expect: none
