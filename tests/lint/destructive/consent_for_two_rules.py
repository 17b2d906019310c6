"""One comment, two rules.

Revision ID: consent_for_two_rules
Revises: initial
"""
# limbec: allow[table-dropped, downgrade-loses-data] the lines are archived elsewhere

import sqlalchemy as sa
from alembic import op

revision = "consent_for_two_rules"
down_revision = "initial"


def upgrade():
    op.drop_table("audit")  # expect: none


def downgrade():
    op.create_table(  # expect: none
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("line", sa.Text),
    )
