"""Both tables were there before.

Revision ID: tables_dropped_in_a_loop
Revises: initial
"""
# limbec: irreversible the rows are archived elsewhere

from alembic import op

revision = "tables_dropped_in_a_loop"
down_revision = "initial"


def upgrade():
    for table in ("audit", "states"):
        op.drop_table(table)  # expect: table-dropped


def downgrade():
    raise NotImplementedError  # expect: none
