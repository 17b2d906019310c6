"""What the other branch made is not this one's, before the merge and after it.

Revision ID: 0003_merge
Revises: 0002_left, 0002_right
"""

revision = "0003_merge"
down_revision = ("0002_left", "0002_right")


def upgrade():
    pass


def downgrade():  # expect: none
    pass
