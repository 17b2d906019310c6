"""A schema with all that is in it.

Revision ID: schema_dropped
Revises: initial
"""
# limbec: irreversible reports are made elsewhere now

from alembic import op

revision = "schema_dropped"
down_revision = "initial"


def upgrade():
    op.execute("DROP SCHEMA reporting CASCADE")  # expect: schema-dropped


def downgrade():
    raise NotImplementedError  # expect: none
