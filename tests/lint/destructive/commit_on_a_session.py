"""A session on Alembic's connection joins its transaction: commit() leaves it open.

Revision ID: commit_on_a_session
Revises: initial
"""
# limbec: irreversible the rows without a state were a mistake

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

revision = "commit_on_a_session"
down_revision = "initial"


def upgrade():
    session = Session(bind=op.get_bind())
    session.execute(sa.text("UPDATE orders SET state = 'new' WHERE state IS NULL"))
    session.commit()  # expect: none


def downgrade():
    raise NotImplementedError
