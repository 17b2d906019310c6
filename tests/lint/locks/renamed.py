"""Code that runs meanwhile looks for the old names.

Revision ID: renamed
Revises: initial
"""
# limbec: irreversible only the upgrade is of interest here

from alembic import op

revision = "renamed"
down_revision = "initial"


def upgrade():
    op.rename_table("audit", "journal")  # expect: table-renamed
    op.execute("ALTER TABLE states RENAME TO stages")  # expect: table-renamed
    op.alter_column("accounts", "phone", new_column_name="telephone")  # expect: column-renamed
    op.execute("ALTER TABLE orders RENAME COLUMN state TO status")  # expect: column-renamed
    op.execute("ALTER TABLE orders RENAME weight TO mass")  # expect: column-renamed
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.alter_column("notes", new_column_name="remarks")  # expect: column-renamed


def downgrade():
    raise NotImplementedError
