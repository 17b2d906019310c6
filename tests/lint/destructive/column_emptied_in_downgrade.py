"""The values were there before the upgrade.

Revision ID: column_emptied_in_downgrade
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "column_emptied_in_downgrade"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("phone_verified", sa.Boolean))


def downgrade():
    op.execute("UPDATE accounts SET phone = NULL")  # expect: destructive-downgrade
    op.drop_column("accounts", "phone_verified")  # expect: none
