use std::fmt;

/// A tool, or a convention, whose directories can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tool {
    /// `001_name.sql` with `rollbacks/001_name.sql`
    Numbered,
    /// `-- migrate:up` and `-- migrate:down` in one file
    Dbmate,
    /// `001_name.up.sql` and `001_name.down.sql`
    GolangMigrate,
    /// `-- +goose Up` and `-- +goose Down` in one file
    Goose,
    /// `001_name.sql`, or pairs as golang-migrate has them
    Sqlx,
    /// `V1_2__name.sql`, `U…`, `R__…`
    Flyway,
    /// `-- +migrate Up` and `-- +migrate Down` in one file
    SqlMigrate,
    /// `-- up` and `-- down`, or `-- Up Migration` and `-- Down Migration`, in one file
    Sections,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Numbered,
        Self::Dbmate,
        Self::GolangMigrate,
        Self::Goose,
        Self::Sqlx,
        Self::Flyway,
        Self::SqlMigrate,
        Self::Sections,
    ];

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Numbered => "numbered",
            Self::Dbmate => "dbmate",
            Self::GolangMigrate => "golang-migrate",
            Self::Goose => "goose",
            Self::Sqlx => "sqlx",
            Self::Flyway => "flyway",
            Self::SqlMigrate => "sql-migrate",
            Self::Sections => "sections",
        }
    }

    /// The tables that it keeps its state in, unless it was configured otherwise.
    pub fn default_tables(self) -> &'static [&'static str] {
        match self {
            Self::Numbered => &["archon_migrations"],
            Self::Dbmate | Self::GolangMigrate => &["schema_migrations"],
            Self::Goose => &["goose_db_version"],
            Self::Sqlx => &["_sqlx_migrations"],
            // Before Flyway 5 the second.
            Self::Flyway => &["flyway_schema_history", "schema_version"],
            Self::SqlMigrate => &["gorp_migrations"],
            Self::Sections => &["schema_versions", "schema_migrations"],
        }
    }

    /// Whether it puts values in the place of `${name}`.
    pub fn has_placeholders(self) -> bool {
        self == Self::Flyway
    }

    /// Whether a file runs outside a transaction without saying so: as one message, where one statement is one of its own
    /// (golang-migrate, runners that send whole files), or by the tool's own look at the statements (Flyway).
    pub fn leaves_transactions_to_statements(self) -> bool {
        matches!(self, Self::Numbered | Self::GolangMigrate | Self::Flyway)
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
