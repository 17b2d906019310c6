"""In a batch.

Revision ID: unnamed_batch
Revises: initial
"""

from alembic import op

revision = "unnamed_batch"
down_revision = "initial"


def upgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.create_unique_constraint(None, ["phone"])  # expect: unnamed-constraint


def downgrade():
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_constraint(None, type_="unique")  # expect: unnamed-constraint
