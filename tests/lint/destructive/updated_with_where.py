"""Some rows get another value.

Revision ID: updated_with_where
Revises: initial
"""
# limbec: irreversible empty strings meant nothing

import sqlalchemy as sa
from alembic import op

revision = "updated_with_where"
down_revision = "initial"

accounts = sa.table("accounts", sa.column("phone", sa.String))


def upgrade():
    op.execute("UPDATE accounts SET phone = NULL WHERE phone = ''")  # expect: none
    op.execute(sa.update(accounts).where(accounts.c.phone == "-").values(phone=None))  # expect: none
    op.execute(  # expect: none
        "UPDATE orders SET state = states.label FROM states WHERE states.code = orders.state"
    )


def downgrade():
    raise NotImplementedError  # expect: none
