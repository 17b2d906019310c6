"""Nothing is done, and nothing has to be undone.

Revision ID: empty_both_ways
Revises: initial
"""

revision = "empty_both_ways"
down_revision = "initial"


def upgrade():
    pass


def downgrade():  # expect: none
    pass
