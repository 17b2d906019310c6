"""The connection is Alembic's.

Revision ID: commit_on_the_bind
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "commit_on_the_bind"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    op.drop_column("accounts", "nickname")
    op.get_bind().commit()  # expect: commit-in-revision
