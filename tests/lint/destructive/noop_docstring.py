"""A docstring and a return undo nothing either.

Revision ID: noop_docstring
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "noop_docstring"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():  # expect: silent-noop-downgrade
    """Nothing to do."""
    return None
