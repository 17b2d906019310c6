"""The list of the downgrade is longer than that of the upgrade.

Revision ID: foreign_column_in_a_loop
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_column_in_a_loop"
down_revision = "initial"


def upgrade():
    for name in ("nickname", "locale"):
        op.add_column("accounts", sa.Column(name, sa.String(50)))


def downgrade():
    for name in ("nickname", "locale", "phone"):
        op.drop_column("accounts", name)  # expect: destructive-downgrade
