"""The constraint stays on a table that stays.

Revision ID: forgotten_foreign_key
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "forgotten_foreign_key"
down_revision = "initial"


def upgrade():
    op.create_table("invoices", sa.Column("id", sa.Integer, primary_key=True))
    op.create_foreign_key("fk_states_self", "states", "states", ["parent"], ["code"])  # expect: asymmetric-downgrade


def downgrade():
    op.drop_table("invoices")
