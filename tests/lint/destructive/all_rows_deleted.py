"""The upgrade added a few rows; the downgrade deletes everybody's.

Revision ID: all_rows_deleted
Revises: initial
"""

from alembic import op

revision = "all_rows_deleted"
down_revision = "initial"


def upgrade():
    op.execute("INSERT INTO states (code, label) VALUES ('new', 'New')")


def downgrade():
    op.execute("DELETE FROM states")  # expect: destructive-downgrade
