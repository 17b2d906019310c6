"""After COMMIT a failure leaves half a downgrade, and the old revision in the version table.

Revision ID: commit_in_sql
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "commit_in_sql"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")
    op.execute("COMMIT")  # expect: commit-in-revision
