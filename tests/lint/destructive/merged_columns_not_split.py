"""Two columns became one; the downgrade brings two empty ones.

Revision ID: merged_columns_not_split
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "merged_columns_not_split"
down_revision = "initial"


def upgrade():
    op.add_column("accounts", sa.Column("contact", sa.String(140)))
    op.execute("UPDATE accounts SET contact = email || ' ' || phone WHERE contact IS NULL")
    op.drop_column("accounts", "phone")  # expect: column-dropped


def downgrade():
    op.add_column("accounts", sa.Column("phone", sa.String(30)))  # expect: downgrade-loses-data
    op.drop_column("accounts", "contact")
