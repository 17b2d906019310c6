"""What a tenant's database holds once every revision has run; `check` compares the two."""

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

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(20), nullable=False, unique=True),
    sa.Column("name", sa.String(120), nullable=False),
    sa.Column(
        "kind", sa.Enum("asset", "liability", "equity", "income", "expense", name="account_kind"), nullable=False
    ),
    sa.Column("normal_side", sa.Enum("debit", "credit", name="ledger_side"), nullable=False, server_default="debit"),
)

opening_balances = sa.Table(
    "opening_balances",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("amount_on_normal_side", sa.Numeric(18, 2), nullable=False),
)

journal_entries = sa.Table(
    "journal_entries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("reference", sa.String(64), nullable=False, unique=True),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column(
        "status",
        sa.Enum("draft", "posted", "void", name="posting_status"),
        nullable=False,
        server_default="draft",
    ),
)

journal_lines = sa.Table(
    "journal_lines",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("entry_id", sa.ForeignKey("journal_entries.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("debit", sa.Numeric(18, 2), nullable=False, server_default="0"),
    sa.Column("credit", sa.Numeric(18, 2), nullable=False, server_default="0"),
    sa.CheckConstraint("debit >= 0 AND credit >= 0", name="amounts_not_negative"),
    sa.Index(None, "account_id", "entry_id"),
)
