"""The new name stays.

Revision ID: rename_not_taken_back
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "rename_not_taken_back"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("nickname", sa.String(50)))
    op.alter_column("orders", "state", new_column_name="status")  # expect: asymmetric-downgrade


def downgrade():
    op.drop_column("accounts", "nickname")
