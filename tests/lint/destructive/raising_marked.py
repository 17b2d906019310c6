"""It refuses, and the header says why.

Revision ID: raising_marked
Revises: initial
"""
# limbec: irreversible older releases cannot read what newer ones write

import sqlalchemy as sa
from alembic import op

revision = "raising_marked"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))


def downgrade():
    raise NotImplementedError()  # expect: none
