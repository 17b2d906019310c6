"""The downgrade takes back the wider type of its own upgrade, and nothing more.

Revision ID: widened_and_back
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "widened_and_back"
down_revision = "initial"


def upgrade():
    op.alter_column("accounts", "name", existing_type=sa.String(200), type_=sa.String(400))  # expect: none


def downgrade():
    op.alter_column("accounts", "name", existing_type=sa.String(400), type_=sa.String(200))  # expect: none
