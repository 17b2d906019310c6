"""move VAT numbers to identifiers

Revision ID: 0b93d5e8a2c7
Revises: f2c8b6017d4e
Create Date: 2026-01-26 08:00:00+00:00

VAT numbers survive in both directions. Identifiers of other kinds, which the older
schema has no place for, are lost by a downgrade.

"""

import sqlalchemy as sa
from alembic import op

revision = "0b93d5e8a2c7"
down_revision = "f2c8b6017d4e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_identifiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_company_identifiers_company_id_companies"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_identifiers")),
        sa.UniqueConstraint("company_id", "kind", name=op.f("uq_company_identifiers_company_id")),
    )
    op.execute(
        "INSERT INTO company_identifiers (company_id, kind, value) "
        "SELECT id, 'vat', vat_number FROM companies WHERE vat_number IS NOT NULL ORDER BY id"
    )
    # limbec: allow[column-dropped] every number is in company_identifiers now
    op.drop_column("companies", "vat_number")


def downgrade() -> None:
    op.add_column("companies", sa.Column("vat_number", sa.String(32), nullable=True))
    op.execute(
        "UPDATE companies SET vat_number = (SELECT value FROM company_identifiers "
        "WHERE company_identifiers.company_id = companies.id AND company_identifiers.kind = 'vat')"
    )
    op.drop_table("company_identifiers")
