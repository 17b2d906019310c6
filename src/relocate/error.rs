use thiserror::Error;

use crate::catalogue::CatalogueError;
use crate::database::{DatabaseError, LockError};

/// Why a schema was not moved.
#[derive(Debug, Error)]
pub enum RelocateError {
    /// SQLite, where a file is a namespace of its own.
    #[error("SQLite has no schemas that a table could move between")]
    NoSchemas,
    /// Both are the same.
    #[error("`{schema}` is the schema that the tables are in already")]
    SameSchema {
        /// Which.
        schema: String,
    },
    /// A schema of the server or of limbec's own.
    #[error("the schema {schema} {reason}")]
    Reserved {
        /// Which.
        schema: String,
        /// Why it is none to move to or from.
        reason: String,
    },
    /// There is no such schema.
    #[error("there is no schema {schema} in database {database}")]
    NoSuchSchema {
        /// Which.
        schema: String,
        /// The database.
        database: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// `--tables` names what is not there.
    #[error("the schema {schema} has no table {}", .tables.join(", "))]
    NoSuchTables {
        /// The schema.
        schema: String,
        /// Which.
        tables: Vec<String>,
    },
    /// There is nothing to move.
    #[error("the schema {schema} is empty: there is nothing to move")]
    Nothing {
        /// Which.
        schema: String,
    },
    /// The target has objects of these names.
    #[error("the schema {schema} has {} of the same name: {}", count(.names), .names.join(", "))]
    Collisions {
        /// The target.
        schema: String,
        /// `table orders`, `type mood`.
        names: Vec<String>,
    },
    /// A copy cannot be exact.
    #[error("{} cannot be copied: {}", count(.objects), .objects.join("; "))]
    NotCopied {
        /// What, and why.
        objects: Vec<String>,
    },
    /// A copy of these schemas has been begun.
    #[error("a copy of {from} to {to} was begun on {when} and is not finished")]
    Unfinished {
        /// The source.
        from: String,
        /// The target.
        to: String,
        /// When, as the server writes it.
        when: String,
    },
    /// There is nothing to go on with.
    #[error("no copy of {from} to {to} was begun: there is nothing to resume")]
    NothingToResume {
        /// The source.
        from: String,
        /// The target.
        to: String,
    },
    /// The structure of the source is another than when the copy began.
    #[error("the structure of {from} has changed since the copy began: {}", .what.join("; "))]
    StructureChanged {
        /// The source.
        from: String,
        /// The target.
        to: String,
        /// What is new or gone.
        what: Vec<String>,
    },
    /// Source and target are not alike.
    #[error("the copy differs from {from}: {}", .differences.join("; "))]
    Differs {
        /// The source.
        from: String,
        /// In what.
        differences: Vec<String>,
    },
    /// Something else depends on what would be dropped.
    #[error("{from} is not dropped: {}", .dependents.join("; "))]
    Needed {
        /// The source.
        from: String,
        /// What depends on what.
        dependents: Vec<String>,
    },
    /// An answer that is not what was asked for.
    #[error("the catalogue of the database has an entry that limbec does not understand: {reason}")]
    Answer {
        /// What is wrong with it.
        reason: String,
    },
    /// A definition that the server gave and does not take back.
    #[error("{object} could not be made in {schema}")]
    Statement {
        /// What: `view totals`.
        object: String,
        /// The target.
        schema: String,
        /// The server's words.
        #[source]
        error: Box<DatabaseError>,
    },
    /// The migration lock is not held any more.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Whatever the database says.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<CatalogueError> for RelocateError {
    fn from(error: CatalogueError) -> Self {
        match error {
            CatalogueError::Database(error) => Self::Database(error),
            CatalogueError::Answer { reason } => Self::Answer { reason },
        }
    }
}

fn count(names: &[String]) -> String {
    match names.len() {
        1 => "an object".to_owned(),
        number => format!("{number} objects"),
    }
}
