"""The same with SQLAlchemy's DDL elements.

Revision ID: ddl_element
Revises: initial
"""

from alembic import op
from sqlalchemy.schema import CreateSchema, DropSchema

revision = "ddl_element"
down_revision = "initial"


def upgrade():
    op.execute(CreateSchema("billing"))


def downgrade():
    op.execute(DropSchema("billing"))  # expect: none
    op.execute(DropSchema("reporting", cascade=True))  # expect: destructive-downgrade
