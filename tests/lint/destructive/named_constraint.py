"""With a name both ways.

Revision ID: named_constraint
Revises: initial
"""

from alembic import op

revision = "named_constraint"
down_revision = "initial"


def upgrade():
    op.create_unique_constraint("uq_accounts_phone", "accounts", ["phone"])


def downgrade():
    op.drop_constraint("uq_accounts_phone", "accounts", type_="unique")  # expect: none
