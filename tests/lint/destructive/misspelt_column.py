"""The name that is dropped is not the one that was added: it fails, and the column stays.

Revision ID: misspelt_column
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "misspelt_column"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nick_name", sa.String(50)))  # expect: asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "nickname")  # expect: none
