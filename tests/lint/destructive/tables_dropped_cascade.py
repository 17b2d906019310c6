"""Two tables in one statement, with everything that refers to them.

Revision ID: tables_dropped_cascade
Revises: initial
"""
# limbec: irreversible the rows are archived elsewhere

from alembic import op

revision = "tables_dropped_cascade"
down_revision = "initial"


def upgrade():
    op.execute("DROP TABLE IF EXISTS audit, states CASCADE")  # expect: table-dropped


def downgrade():
    raise NotImplementedError  # expect: none
