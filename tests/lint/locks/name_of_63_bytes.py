"""Exactly as long as a name may be.

Revision ID: name_of_63_bytes
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "name_of_63_bytes"
down_revision = "initial"


def upgrade():
    op.create_table(  # expect: none
        "a_table_with_a_name_of_exactly_sixty_three_bytes_and_no_more_ok",
        sa.Column("id", sa.Integer, primary_key=True),
    )


def downgrade():
    raise NotImplementedError
