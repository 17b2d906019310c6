"""index identifiers by value

Revision ID: 19e7f4a60bd8
Revises: 0b93d5e8a2c7
Create Date: 2026-02-02 12:00:00+00:00

"""

from alembic import op

revision = "19e7f4a60bd8"
down_revision = "0b93d5e8a2c7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        # CONCURRENTLY cannot run inside a transaction.
        with op.get_context().autocommit_block():
            op.create_index(
                op.f("ix_company_identifiers_value"), "company_identifiers", ["value"], postgresql_concurrently=True
            )
    else:
        op.create_index(op.f("ix_company_identifiers_value"), "company_identifiers", ["value"])


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        with op.get_context().autocommit_block():
            op.drop_index(
                op.f("ix_company_identifiers_value"), table_name="company_identifiers", postgresql_concurrently=True
            )
    else:
        op.drop_index(op.f("ix_company_identifiers_value"), table_name="company_identifiers")
