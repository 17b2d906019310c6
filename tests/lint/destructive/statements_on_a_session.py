"""A session on Alembic's connection.

Revision ID: statements_on_a_session
Revises: initial
"""
# limbec: irreversible the rows are archived elsewhere

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

revision = "statements_on_a_session"
down_revision = "initial"


def upgrade():
    session = Session(bind=op.get_bind())
    session.execute(sa.text("DELETE FROM audit"))  # expect: delete-without-where
    session.flush()


def downgrade():
    raise NotImplementedError  # expect: none
