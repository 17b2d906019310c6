"""What the common database holds once every revision has run; `check` compares the two."""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

companies = sa.Table(
    "companies",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()),
)

company_identifiers = sa.Table(
    "company_identifiers",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("company_id", sa.ForeignKey("companies.id", ondelete="CASCADE"), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("value", sa.String(64), nullable=False, index=True),
    sa.UniqueConstraint("company_id", "kind"),
)

currencies = sa.Table(
    "currencies",
    metadata,
    sa.Column("code", sa.String(3), primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("minor_units", sa.SmallInteger, nullable=False, server_default="2"),
)

tax_rates = sa.Table(
    "tax_rates",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("kind", sa.Enum("vat", "sales", "withholding", name="tax_kind"), nullable=False),
    sa.Column("percent", sa.Numeric(6, 3), nullable=False),
    sa.Column("valid_from", sa.Date, nullable=False),
    sa.UniqueConstraint("country", "kind", "valid_from"),
)

tax_thresholds = sa.Table(
    "tax_thresholds",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("tax_rate_id", sa.ForeignKey("tax_rates.id", ondelete="CASCADE"), nullable=False),
    sa.Column("currency_code", sa.ForeignKey("currencies.code"), nullable=False),
    sa.Column("amount_in_minor_units", sa.BigInteger, nullable=False),
    sa.CheckConstraint("amount_in_minor_units >= 0", name="amount_not_negative"),
)
