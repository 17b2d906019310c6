"""A table is rebuilt under its name, with its rows: the way of databases that cannot alter.

Revision ID: rebuilt_table
Revises: initial
"""

import sqlalchemy as sa
from alembic import op

revision = "rebuilt_table"
down_revision = "initial"


def upgrade():
    op.create_table("audit_new", sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("line", sa.Text))
    op.execute("INSERT INTO audit_new (id, line) SELECT id, line FROM audit")
    op.drop_table("audit")  # expect: none
    op.rename_table("audit_new", "audit")


def downgrade():
    op.create_table("audit_old", sa.Column("id", sa.Integer, primary_key=True), sa.Column("line", sa.Text))
    op.execute("INSERT INTO audit_old (id, line) SELECT id, line FROM audit")
    op.drop_table("audit")  # expect: none
    op.rename_table("audit_old", "audit")
