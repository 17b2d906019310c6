use std::path::PathBuf;

use thiserror::Error;

use crate::database::{BackupError, DatabaseError};
use crate::revision::RevisionId;

/// Why nothing was squashed.
#[derive(Debug, Error)]
pub enum SquashError {
    /// A revision that stays goes around the baseline.
    #[error(
        "{child} builds on {parent}, which comes before {revision}: the history does not go through {revision} alone"
    )]
    Bypassed {
        /// What is to become the baseline.
        revision: RevisionId,
        /// The revision that stays.
        child: RevisionId,
        /// What it builds on.
        parent: RevisionId,
    },
    /// A revision that stays depends on one that would go.
    #[error("{child} depends on {dependency}, which would be squashed into {revision}")]
    DependedOn {
        /// What is to become the baseline.
        revision: RevisionId,
        /// The revision that stays.
        child: RevisionId,
        /// As it is written there.
        dependency: String,
        /// Its file.
        path: PathBuf,
    },
    /// Rows that the dump of a schema cannot hold.
    #[error("the virtual table {table} has {rows} rows, which SQL made from it does not bring back")]
    VirtualRows {
        /// Its name.
        table: String,
        /// How many.
        rows: u64,
    },
    /// The schema of a live database cannot be made again.
    #[error("a copy of the live schema cannot be made: {reason}")]
    Copy {
        /// What the database says.
        reason: String,
        /// The first line of the statement that failed.
        statement: String,
    },
    /// Something that is left out is needed.
    #[error("{object} cannot be left out: {reason}")]
    Needed {
        /// Its kind and name.
        object: String,
        /// Who needs it.
        reason: String,
    },
    /// The SQL of the schema cannot be had.
    #[error(transparent)]
    Dump(#[from] BackupError),
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Something in the dump names the schema in a way that cannot be left to the search path.
    #[error("the schema cannot be written without its name, which is in this statement: {statement}")]
    NamesSchema {
        /// Its first line.
        statement: String,
    },
    /// A file or folder that should not be there.
    #[error("{} is there already", .0.display())]
    Taken(PathBuf),
    /// A file of a squashed revision that is not what went into the archive.
    #[error("{} is not in the archive {} as it is", path.display(), archive.display())]
    Unarchived {
        /// The file.
        path: PathBuf,
        /// The folder with the copies.
        archive: PathBuf,
    },
    /// The file system said no; everything is as it was.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

impl SquashError {
    pub(super) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
