"""ROLLBACK throws away what the run did so far.

Revision ID: rollback_in_downgrade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "rollback_in_downgrade"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")
    op.execute("ROLLBACK")  # expect: commit-in-revision
