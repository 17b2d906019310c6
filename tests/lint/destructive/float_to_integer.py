"""double precision to integer rounds.

Revision ID: float_to_integer
Revises: initial
"""

from alembic import op

revision = "float_to_integer"
down_revision = "initial"


def upgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN weight TYPE integer")  # expect: type-narrowed


def downgrade():
    op.execute("ALTER TABLE orders ALTER COLUMN weight TYPE double precision")  # expect: none
