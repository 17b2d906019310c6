"""Some rows go, chosen on purpose.

Revision ID: deleted_with_where
Revises: initial
"""
# limbec: irreversible deleted rows were garbage

import sqlalchemy as sa
from alembic import op

revision = "deleted_with_where"
down_revision = "initial"

audit = sa.table("audit", sa.column("id", sa.Integer))


def upgrade():
    op.execute("DELETE FROM audit WHERE line IS NULL")  # expect: none
    op.execute(sa.delete(audit).where(audit.c.id < 0))  # expect: none
    op.execute("DELETE FROM audit USING accounts WHERE accounts.name = audit.line")  # expect: none


def downgrade():
    raise NotImplementedError  # expect: none
