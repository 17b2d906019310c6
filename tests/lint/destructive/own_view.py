"""A view can be made again at any time.

Revision ID: own_view
Revises: initial
"""

from alembic import op

revision = "own_view"
down_revision = "initial"


def upgrade():
    op.execute("CREATE VIEW open_orders AS SELECT * FROM orders WHERE state = 'open'")


def downgrade():
    op.execute("DROP VIEW open_orders")  # expect: none
