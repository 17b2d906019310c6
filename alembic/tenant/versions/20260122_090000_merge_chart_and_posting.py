"""merge chart and posting

Revision ID: b3e81a50d724
Revises: 80b5e72da4f1, a2d7094fc613
Create Date: 2026-01-22 09:00:00+00:00

"""

revision = "b3e81a50d724"
down_revision = ("80b5e72da4f1", "a2d7094fc613")
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
