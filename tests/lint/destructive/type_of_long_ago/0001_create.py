"""The type is known from two revisions before, through SQL and a batch.

Revision ID: 0001_create
Revises:
"""

from alembic import op

revision = "0001_create"
down_revision = None


def upgrade():
    op.execute("CREATE TABLE invoices (id integer PRIMARY KEY, number varchar(20))")


def downgrade():
    op.execute("DROP TABLE invoices")  # expect: none
