use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::LockHolder;
use crate::database::{DatabaseError, UrlError};

/// Why a lock could not be had, or was lost.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it, and did not let go in time.
    #[error("another run has locked this database: {holder}; waited {} s", waited.as_secs_f64())]
    Held {
        /// Who.
        holder: Box<LockHolder>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// It was taken from us: its connection is gone.
    #[error("the lock on this database was lost while migrations ran: {reason}")]
    Lost {
        /// What the connection said.
        reason: String,
    },
    /// The lock file.
    #[error("cannot use the lock file {}: {reason}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<UrlError> for LockError {
    fn from(error: UrlError) -> Self {
        Self::Database(error.into())
    }
}
