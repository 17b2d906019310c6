"""Only new rows are checked; the old ones later.

Revision ID: foreign_key_not_valid
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "foreign_key_not_valid"
down_revision = "initial"


def upgrade():
    op.create_foreign_key(  # expect: none
        "fk_states_parent", "states", "states", ["parent"], ["code"], postgresql_not_valid=True
    )
    op.execute(  # expect: none
        "ALTER TABLE orders ADD CONSTRAINT fk_orders_state FOREIGN KEY (state) REFERENCES states (code) NOT VALID"
    )


def downgrade():
    raise NotImplementedError
