"""merge tax and currencies

Revision ID: f2c8b6017d4e
Revises: c90e27f5a816, e4a05c79d3b1
Create Date: 2026-01-19 09:00:00+00:00

"""

revision = "f2c8b6017d4e"
down_revision = ("c90e27f5a816", "e4a05c79d3b1")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
