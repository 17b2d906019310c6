use std::path::PathBuf;

use thiserror::Error;

use crate::database::{BackupError, DatabaseError, LockError, LockHolder, Session};
use crate::tenant::TenantError;

/// Why a tenant could not be made, filled or removed. No sentence has a password in it.
#[derive(Debug, Error)]
pub enum LifecycleError {
    /// Something about the tenant itself.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// A database said no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The lock on the tenant.
    #[error(transparent)]
    Lock(LockError),
    /// Somebody else works on it.
    #[error("another run works on tenant {tenant}: {holder}")]
    Busy {
        /// The tenant.
        tenant: String,
        /// Who.
        holder: Box<LockHolder>,
    },
    /// What is in the settings does not do for this.
    #[error("tenant {tenant}: {reason}")]
    Settings {
        /// The tenant.
        tenant: String,
        /// What is missing or wrong.
        reason: String,
        /// What to write.
        hint: &'static str,
    },
    /// A role of that name is not the tenant's, as far as can be told.
    #[error("the role {role} is there already, and {reason}")]
    ForeignRole {
        /// The role.
        role: String,
        /// Why it is not taken.
        reason: String,
        /// What to type.
        hint: &'static str,
    },
    /// A database or schema of that name belongs to another role.
    #[error("the {kind} {name} is there already, and belongs to {owner} instead of {role}")]
    Foreign {
        /// `database` or `schema`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// To whom it belongs.
        owner: String,
        /// To whom it would.
        role: String,
    },
    /// What was made is not what the tenant's URL leads to.
    #[error("tenant {tenant} was created, but its own URL does not lead there: {reason}")]
    NotThere {
        /// The tenant.
        tenant: String,
        /// Why not.
        reason: Box<DatabaseError>,
    },
    /// A file that holds a secret, a seed or a database.
    #[error("cannot {what} {}: {reason}", path.display())]
    File {
        /// Read, write, remove.
        what: &'static str,
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A statement of the settings.
    #[error("`{key}` in [tenants]: {reason}")]
    Statement {
        /// `register` or `unregister`.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A seed failed; nothing of it remains.
    #[error("the seed {file} failed: {reason}")]
    Seed {
        /// The file's name.
        file: String,
        /// The database's words.
        reason: Box<DatabaseError>,
    },
    /// A seed has a statement that ends its transaction; nothing of it was sent.
    #[error("the seed {file} ends its transaction by itself, with `{statement}`: a seed and its record are one")]
    SeedEnds {
        /// The file's name.
        file: String,
        /// As written.
        statement: String,
    },
    /// A seed has ended the transaction that it was to be run in.
    #[error("the seed {file} ends its transaction by itself: what it did may be committed, and is not recorded")]
    SeedTransaction {
        /// The file's name.
        file: String,
    },
    /// Sessions are in the way of a drop.
    #[error("the database of tenant {tenant} is in use: {}", told(sessions))]
    InUse {
        /// The tenant.
        tenant: String,
        /// Who.
        sessions: Vec<Session>,
    },
    /// An SQLite file that somebody writes to.
    #[error("the file {} is in use", path.display())]
    FileInUse {
        /// Which.
        path: PathBuf,
    },
    /// There is no backup, so nothing was dropped.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// More sessions than these help nobody.
const SHOWN: usize = 5;

fn told(sessions: &[Session]) -> String {
    let mut told: Vec<String> = sessions.iter().take(SHOWN).map(ToString::to_string).collect();
    if sessions.len() > SHOWN {
        told.push(format!("and {} more", sessions.len() - SHOWN));
    }
    told.join("; ")
}
