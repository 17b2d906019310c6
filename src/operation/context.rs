use std::fmt;
use std::ops::Range;

/// A database as SQLAlchemy names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// `postgresql`
    Postgresql,
    /// `sqlite`
    Sqlite,
    /// `mysql` and `mariadb`
    Mysql,
    /// `mssql`
    Mssql,
    /// `oracle`
    Oracle,
    /// Any other.
    Other,
}

impl Dialect {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Postgresql, "postgresql"),
        (Self::Sqlite, "sqlite"),
        (Self::Mysql, "mysql"),
        (Self::Mssql, "mssql"),
        (Self::Oracle, "oracle"),
    ];

    /// By SQLAlchemy's name of the dialect; `Other` if it is none of those that are told apart.
    pub fn named(name: &str) -> Self {
        match name {
            "mariadb" => Self::Mysql,
            "postgres" | "cockroachdb" => Self::Postgresql,
            other => Self::ALL.iter().find(|(_, known)| *known == other).map_or(Self::Other, |(dialect, _)| *dialect),
        }
    }

    /// SQLAlchemy's name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(dialect, _)| *dialect == self).map_or("other", |(_, name)| *name)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialects(u8);

impl Dialects {
    /// Every dialect.
    pub const ALL: Self = Self(0b11_1111);
    /// No dialect: code that never runs.
    pub const NONE: Self = Self(0);

    /// A set of one.
    pub fn only(dialect: Dialect) -> Self {
        Self(1 << dialect as u8)
    }

    /// Whether the dialect is among them.
    pub fn contains(self, dialect: Dialect) -> bool {
        self.0 & (1 << dialect as u8) != 0
    }

    /// Those in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are not among them.
    #[must_use]
    pub fn complement(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Dialect> for Dialects {
    fn from_iter<I: IntoIterator<Item = Dialect>>(dialects: I) -> Self {
        dialects.into_iter().fold(Self::NONE, |all, dialect| all.union(Self::only(dialect)))
    }
}

/// Under which circumstances an operation runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationContext {
    /// Inside of `with op.get_context().autocommit_block():`: outside of the migration's transaction.
    pub autocommit: bool,
    /// On which databases it runs: conditions on the dialect's name.
    pub dialects: Dialects,
    /// Behind a condition, in a loop or a `try` whose course is not known: it may run or not.
    pub is_conditional: bool,
    /// The `with op.batch_alter_table(…)` header that it belongs to.
    pub batch: Option<Range<usize>>,
    /// Inside of a block that runs online only (`if not context.is_offline_mode()` / `as_sql`).
    pub is_online_only: bool,
}

impl Default for OperationContext {
    fn default() -> Self {
        Self { autocommit: false, dialects: Dialects::ALL, is_conditional: false, batch: None, is_online_only: false }
    }
}
