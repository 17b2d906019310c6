"""All rows at once.

Revision ID: emptied
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

import sqlalchemy as sa
from alembic import op

revision = "emptied"
down_revision = "initial"


def upgrade():
    op.execute("TRUNCATE audit")  # expect: truncate
    op.execute("DELETE FROM orders")  # expect: delete-without-where
    op.execute("UPDATE states SET label = upper(label)")  # expect: update-without-where
    op.get_bind().execute(sa.text("DELETE FROM accounts"))  # expect: delete-without-where


def downgrade():
    raise NotImplementedError
