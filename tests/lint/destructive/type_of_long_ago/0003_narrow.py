"""The type is known from two revisions before, through SQL and a batch.

Revision ID: 0003_narrow
Revises: 0002_widen
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_narrow"
down_revision = "0002_widen"


def upgrade():
    op.alter_column("invoices", "number", type_=sa.String(30))  # expect: type-narrowed


def downgrade():
    op.alter_column("invoices", "number", type_=sa.String(40))  # expect: none
