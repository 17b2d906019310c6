"""Quoted in SQL, plain in the operation: one and the same table.

Revision ID: quoted_identifiers
Revises: initial
"""

from alembic import op

revision = "quoted_identifiers"
down_revision = "initial"


def upgrade():
    op.execute('CREATE TABLE "invoices" ("id" integer PRIMARY KEY)')


def downgrade():
    op.drop_table("invoices")  # expect: none
    op.execute('DROP TABLE "public"."audit"')  # expect: destructive-downgrade
