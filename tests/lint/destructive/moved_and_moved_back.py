"""What the upgrade moved, the downgrade moves back.

Revision ID: moved_and_moved_back
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "moved_and_moved_back"
down_revision = "initial"


def upgrade():
    op.create_table(
        "phones",
        sa.Column("account_id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(30)),
    )
    op.execute("INSERT INTO phones (account_id, number) SELECT id, phone FROM accounts WHERE phone IS NOT NULL")
    op.drop_column("accounts", "phone")  # expect: column-dropped


def downgrade():
    op.add_column("accounts", sa.Column("phone", sa.String(30)))  # expect: none
    op.execute("UPDATE accounts SET phone = phones.number FROM phones WHERE phones.account_id = accounts.id")
    op.drop_table("phones")  # expect: none
