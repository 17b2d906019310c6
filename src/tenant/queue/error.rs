use thiserror::Error;

use crate::database::DatabaseError;

/// Why a shared run cannot be begun, joined or carried on. No sentence has a password in it.
#[derive(Debug, Error)]
pub enum QueueError {
    /// Rows with leases need a server.
    #[error("a shared run needs PostgreSQL as the common database, and `common` in [tenants] is {dialect}")]
    NotPostgres {
        /// What it is.
        dialect: String,
    },
    /// A name that cannot be typed everywhere.
    #[error("'{}' cannot be the name of a run: letters, digits, '.', '_' and '-' can, up to 100", name.escape_debug())]
    Name {
        /// As typed.
        name: String,
    },
    /// The name is taken.
    #[error("there is a run '{id}' already, which {state}")]
    Taken {
        /// Its name.
        id: String,
        /// In words.
        state: &'static str,
    },
    /// Tenants of the new run belong to one that has not ended.
    #[error("the run '{id}' has not ended, and {} in it", match .others {
        0 => format!("{tenant} is"),
        1 => format!("{tenant} and another tenant are"),
        others => format!("{tenant} and {others} others are"),
    })]
    Overlap {
        /// The other run.
        id: String,
        /// One of the tenants.
        tenant: String,
        /// How many more there are.
        others: u64,
    },
    /// No such run.
    #[error("there is no run '{id}' in the common database")]
    NoRun {
        /// As typed.
        id: String,
    },
    /// The revision files here are not those of the run.
    #[error("the revision files here are not those that the run '{id}' was begun with{}", .commit.as_ref().map(|commit| format!(" (commit {commit})")).unwrap_or_default())]
    OtherHistory {
        /// The run.
        id: String,
        /// The commit that was checked out where it was begun.
        commit: Option<String>,
    },
    /// The source of tenants here does not have all tenants of the run.
    #[error("the tenants here lack {} of the run '{id}': {}", count_of(*count), names.join(", "))]
    NoTenants {
        /// The run.
        id: String,
        /// How many are missing.
        count: usize,
        /// Some of them.
        names: Vec<String>,
    },
    /// The common database is away for too long.
    #[error("the common database has not answered for {seconds} s: {reason}")]
    Away {
        /// For how long.
        seconds: u64,
        /// The last answer.
        reason: DatabaseError,
    },
    /// A row that no version of limbec has written.
    #[error("a row of the queue cannot be read: {reason}")]
    Foreign {
        /// Why.
        reason: String,
    },
    /// Anything else that the common database says.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

fn count_of(count: usize) -> String {
    if count == 1 { "a tenant".to_owned() } else { format!("{count} tenants") }
}
