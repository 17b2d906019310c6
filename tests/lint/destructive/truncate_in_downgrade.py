"""TRUNCATE has no WHERE.

Revision ID: truncate_in_downgrade
Revises: initial
"""

from alembic import op

revision = "truncate_in_downgrade"
down_revision = "initial"


def upgrade():
    op.execute("INSERT INTO states (code, label) VALUES ('new', 'New')")


def downgrade():
    op.execute("TRUNCATE states")  # expect: destructive-downgrade
