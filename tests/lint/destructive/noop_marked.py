"""Said to be irreversible, with a reason.

Revision ID: noop_marked
Revises: initial
"""
# limbec: irreversible older releases ignore the column

import sqlalchemy as sa
from alembic import op

revision = "noop_marked"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():  # expect: none
    pass
