"""Rows by a model that the file declares.

Revision ID: rows_of_a_model
Revises: initial
"""
# limbec: irreversible the rows are archived elsewhere

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session, declarative_base

revision = "rows_of_a_model"
down_revision = "initial"

Base = declarative_base()


class Audit(Base):
    __tablename__ = "audit"
    id = sa.Column(sa.Integer, primary_key=True)


def upgrade():
    session = Session(bind=op.get_bind())
    session.query(Audit).filter(Audit.id < 0).delete()  # expect: none
    session.query(Audit).delete()  # expect: delete-without-where


def downgrade():
    raise NotImplementedError  # expect: none
