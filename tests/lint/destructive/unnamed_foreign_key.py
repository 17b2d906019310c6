"""What autogenerate writes where there is no naming convention.

Revision ID: unnamed_foreign_key
Revises: initial
"""

from alembic import op

revision = "unnamed_foreign_key"
down_revision = "initial"


def upgrade():
    op.create_foreign_key(None, "states", "states", ["parent"], ["code"])  # expect: unnamed-constraint


def downgrade():
    op.drop_constraint(None, "states", type_="foreignkey")  # expect: unnamed-constraint
