//! The locks that PostgreSQL takes on tables, by the kind of statement.
//!
//! After the pages "Explicit Locking" and "ALTER TABLE" of PostgreSQL's manual, and checked against a server by
//! `tests/database/table_locks.rs`. Locks on tables that are merely read (ACCESS SHARE) are left out: they block DROP, TRUNCATE
//! and the like alone.

mod mode;
mod of_operation;

pub use mode::LockMode;
pub use of_operation::locks_of;
pub(super) use of_operation::{of_referents, referents};

use std::fmt;

use super::TableName;

/// A lock that a statement takes and keeps until its transaction ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationLock {
    /// What is locked.
    pub relation: LockedRelation,
    /// How.
    pub mode: LockMode,
}

/// What a statement locks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockedRelation {
    /// A table, a view or a sequence.
    Table(TableName),
    /// The table that this index belongs to, which only the database knows.
    TableOfIndex(TableName),
    /// An index alone: its table stays usable.
    Index(TableName),
    /// The tables that foreign keys of this table refer to, which only the database knows: those of one constraint, or of all.
    Referents(TableName, Option<String>),
    /// Its name is computed when the revision runs.
    Unknown,
}

impl RelationLock {
    fn of(table: Option<&TableName>, mode: LockMode) -> Self {
        let relation = table.cloned().map_or(LockedRelation::Unknown, LockedRelation::Table);
        Self { relation, mode }
    }
}

/// A noun phrase.
impl fmt::Display for LockedRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table(table) => write!(f, "{table}"),
            Self::TableOfIndex(index) => write!(f, "the table of index {index}"),
            Self::Index(index) => write!(f, "index {index}"),
            Self::Referents(table, _) => write!(f, "the tables that {table} refers to"),
            Self::Unknown => f.write_str("a table whose name is computed"),
        }
    }
}
