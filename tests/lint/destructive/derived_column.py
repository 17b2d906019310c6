"""The source of the derived values stays: they can be derived again.

Revision ID: derived_column
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "derived_column"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("domain", sa.String(100)))
    op.execute("UPDATE accounts SET domain = split_part(email, '@', 2) WHERE domain IS NULL")


def downgrade():
    op.drop_column("accounts", "domain")  # expect: none
