"""Other tables use the type; the column goes with it.

Revision ID: foreign_enum
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "foreign_enum"
down_revision = "initial"


def upgrade():
    op.add_column("orders", sa.Column("note", sa.Text))


def downgrade():
    op.drop_column("orders", "note")  # expect: none
    op.execute("DROP TYPE account_status CASCADE")  # expect: destructive-downgrade
