"""There is no function at all: Alembic fails with an AttributeError.

Revision ID: no_downgrade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "no_downgrade"
down_revision = "initial"


def upgrade():  # expect: missing-downgrade
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))
