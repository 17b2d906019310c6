"""SQL on Alembic's connection, in every spelling.

Revision ID: statements_on_the_connection
Revises: initial
"""
# limbec: irreversible the rows are archived elsewhere

import sqlalchemy as sa
from alembic import op

revision = "statements_on_the_connection"
down_revision = "initial"


def upgrade():
    connection = op.get_bind()
    connection.execute(sa.text("DELETE FROM audit"))  # expect: delete-without-where
    connection.exec_driver_sql("TRUNCATE states")  # expect: truncate
    op.get_context().bind.execute(sa.text("UPDATE accounts SET notes = ''"))  # expect: update-without-where


def downgrade():
    raise NotImplementedError  # expect: none
