use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::database::DatabaseError;

/// Why there is no backup.
#[derive(Debug, Error)]
pub enum BackupError {
    /// limbec cannot copy such a database.
    #[error("limbec makes no backups of {dialect} databases")]
    Dialect {
        /// SQLAlchemy's name.
        dialect: String,
    },
    /// An SQLite database without a file.
    #[error("a database in memory has no backup")]
    InMemory,
    /// The SQLite file is not there yet.
    #[error("there is no file {} to make a backup of", path.display())]
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// The backup's file.
    #[error("cannot write the backup {}: {reason}", path.display())]
    Write {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no such program.
    #[error("cannot run pg_dump: {reason}")]
    NoProgram {
        /// Why.
        reason: String,
    },
    /// pg_dump said no.
    #[error("pg_dump failed: {said}")]
    Dump {
        /// The last that it printed.
        said: String,
    },
    /// SQLite said no.
    #[error("cannot copy {}: {reason}", path.display())]
    Copy {
        /// The database.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The URL.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl BackupError {
    pub(super) fn write(path: &Path, error: &std::io::Error) -> Self {
        Self::Write { path: path.to_owned(), reason: error.to_string() }
    }
}
