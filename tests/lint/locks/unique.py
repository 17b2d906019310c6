"""The index behind it is built under the lock.

Revision ID: unique
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "unique"
down_revision = "initial"


def upgrade():
    op.create_unique_constraint("uq_accounts_phone", "accounts", ["phone"])  # expect: unique-constraint-builds-index
    op.execute(
        "ALTER TABLE accounts ADD CONSTRAINT uq_accounts_email UNIQUE (email)"
    )  # expect: unique-constraint-builds-index
    with op.batch_alter_table("states") as batch_op:
        batch_op.create_unique_constraint("uq_states_label", ["label"])  # expect: unique-constraint-builds-index
    op.add_column("orders", sa.Column("number", sa.String(20), unique=True))  # expect: unique-constraint-builds-index


def downgrade():
    raise NotImplementedError
