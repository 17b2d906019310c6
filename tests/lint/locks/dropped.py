"""Code that runs meanwhile still reads them.

Revision ID: dropped
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "dropped"
down_revision = "initial"


def upgrade():
    op.drop_table("audit")  # expect: table-dropped
    op.execute("DROP TABLE states")  # expect: table-dropped
    op.drop_column("accounts", "phone")  # expect: column-dropped
    op.execute("ALTER TABLE orders DROP COLUMN weight")  # expect: column-dropped
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_column("notes")  # expect: column-dropped


def downgrade():
    raise NotImplementedError
