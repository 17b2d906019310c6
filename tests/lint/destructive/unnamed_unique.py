"""The database names it; the downgrade cannot know how.

Revision ID: unnamed_unique
Revises: initial
"""

from alembic import op

revision = "unnamed_unique"
down_revision = "initial"


def upgrade():
    op.create_unique_constraint(None, "accounts", ["phone"])  # expect: unnamed-constraint


def downgrade():
    op.drop_constraint(None, "accounts", type_="unique")  # expect: unnamed-constraint
