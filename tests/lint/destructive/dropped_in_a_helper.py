"""The helper drops what its callers name.

Revision ID: dropped_in_a_helper
Revises: initial
"""
# limbec: irreversible phone numbers must not be kept

from alembic import op

revision = "dropped_in_a_helper"
down_revision = "initial"


def drop(table, column):
    with op.batch_alter_table(table) as batch_op:
        batch_op.drop_column(column)  # expect: column-dropped


def upgrade():
    drop("accounts", "phone")


def downgrade():
    raise NotImplementedError  # expect: none
