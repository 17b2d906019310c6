"""The upgrade drops on purpose.

Revision ID: consent_to_a_destructive_upgrade
Revises: initial
"""
# limbec: irreversible phone numbers must not be kept

from alembic import op

revision = "consent_to_a_destructive_upgrade"
down_revision = "initial"


def upgrade():
    op.drop_column("accounts", "phone")  # limbec: allow[column-dropped] phone numbers must not be kept


def downgrade():
    raise NotImplementedError  # expect: none
