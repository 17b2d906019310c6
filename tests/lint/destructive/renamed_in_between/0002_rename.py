"""The table has another name by now: it is still not this revision's.

Revision ID: 0002_rename
Revises: 0001_create
"""

from alembic import op

revision = "0002_rename"
down_revision = "0001_create"


def upgrade():
    op.rename_table("bill", "invoices")


def downgrade():
    op.rename_table("invoices", "bill")  # expect: none
