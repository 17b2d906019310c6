"""Both tables are locked while every row is looked up.

Revision ID: foreign_key
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "foreign_key"
down_revision = "initial"


def upgrade():
    op.create_foreign_key(
        "fk_states_parent", "states", "states", ["parent"], ["code"]
    )  # expect: foreign-key-validated-at-once
    op.execute(  # expect: foreign-key-validated-at-once
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_state FOREIGN KEY (state) REFERENCES states (code)"
    )
    with op.batch_alter_table("orders") as batch_op:
        batch_op.create_foreign_key(
            "fk_orders_size", "states", ["size"], ["code"]
        )  # expect: foreign-key-validated-at-once
    op.add_column(  # expect: foreign-key-validated-at-once
        "audit", sa.Column("account_id", sa.Integer, sa.ForeignKey("accounts.id", name="fk_audit_account"))
    )


def downgrade():
    raise NotImplementedError
