use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

use super::LockHolder;
use crate::database::DatabaseError;

/// Why a lock could not be had, or was lost.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it, and did not let go in time.
    #[error("another run has locked this database: {holder}{}", after(*waited))]
    Held {
        /// Who.
        holder: Box<LockHolder>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The wait for it was ended by whoever waited.
    #[error("interrupted while another run has locked this database")]
    Interrupted,
    /// It was taken from us: its connection is gone, or another run has taken its row over.
    #[error("the lock on this database was lost while migrations ran: {reason}")]
    Lost {
        /// What the connection said, or who has it now.
        reason: String,
    },
    /// Advisory locks were asked for where they would lock nothing.
    #[error(
        "advisory locks cannot be trusted here: connections to database {database} go through a pooler in transaction mode"
    )]
    Pooled {
        /// The database.
        database: String,
    },
    /// The role may not make, read or write the table of lock rows.
    #[error("role {role} cannot use {table} in database {database} for the lock row: {reason}")]
    Unprepared {
        /// The role.
        role: String,
        /// The table, quoted.
        table: String,
        /// The database.
        database: String,
        /// The server's words.
        reason: String,
        /// What its owner, or the database's, has to run.
        grant: String,
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

fn after(waited: Duration) -> String {
    if waited.is_zero() { String::new() } else { format!("; waited {} s", waited.as_secs_f64()) }
}
