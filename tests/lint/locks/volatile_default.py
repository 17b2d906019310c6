"""Another value for every row: the table is written anew under the lock.

Revision ID: volatile_default
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "volatile_default"
down_revision = "initial"


def upgrade():
    op.add_column(  # expect: volatile-default
        "accounts", sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()"))
    )
    op.execute("ALTER TABLE orders ADD COLUMN lottery double precision DEFAULT random()")  # expect: volatile-default
    with op.batch_alter_table("states") as batch_op:
        batch_op.add_column(  # expect: volatile-default
            sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"))
        )
    op.add_column(  # expect: volatile-default
        "audit", sa.Column("length", sa.Integer, sa.Computed("char_length(line)", persisted=True))
    )
    op.add_column("states", sa.Column("number", sa.Integer, sa.Identity()))  # expect: volatile-default


def downgrade():
    raise NotImplementedError
