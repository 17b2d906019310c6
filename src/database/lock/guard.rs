use std::time::Duration;

use super::file::FileLock;
use super::postgres::PostgresLock;
use super::{LockError, LockPatience, LockWait};
use crate::database::{DatabaseError, DatabaseUrl, Dialect, Environment, VersionTableName};

/// How the lock is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockMethod {
    /// By what the database and the way to it allow.
    Auto,
    /// PostgreSQL's session advisory lock.
    Advisory,
    /// A row with an expiry.
    Row,
}

/// What is locked, how, and for how long another holder is waited for.
#[derive(Debug, Clone)]
pub struct LockRequest<'a> {
    /// The database.
    pub url: &'a DatabaseUrl,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
    /// How.
    pub method: LockMethod,
    /// After which the attempt fails; zero: at once.
    pub wait: LockPatience,
    /// Schema of the lock rows on PostgreSQL.
    pub own_schema: &'a str,
    /// After which a lock row that is not renewed may be taken over.
    pub expiry: Duration,
}

impl LockRequest<'_> {
    /// Expiry of lock rows: three renewals may fail, and a killed runner is not waited for longer than half of the usual limit.
    pub const EXPIRY: Duration = Duration::from_secs(30);
}

/// A query for the script's own transaction, in SQLAlchemy's `text()` form: it gives a row if, and only if, the lock is still held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockProof {
    /// The query.
    pub sql: String,
    /// Its parameters, all of them texts.
    pub parameters: Vec<(&'static str, String)>,
}

/// A lock on the version tables of one database, held until it is dropped; the death of the process or of the connection
/// releases it as well (a row: when it expires).
#[derive(Debug)]
pub struct DatabaseLock {
    means: Means,
}

#[derive(Debug)]
enum Means {
    Postgres(PostgresLock),
    File(FileLock),
    /// Nobody else can reach the database: SQLite in memory.
    Alone,
}

impl DatabaseLock {
    /// Takes the lock, waiting for another holder as long as the request allows; `on_wait` is told who that is at once, again
    /// whenever it changes, and from time to time.
    ///
    /// # Errors
    /// The holder did not let go in time, or the database cannot be reached. `NotNative` for a dialect that only the engine speaks.
    pub fn acquire(
        request: &LockRequest<'_>,
        table: &VersionTableName,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let means = match request.url.dialect() {
            Dialect::Postgres => Means::Postgres(PostgresLock::acquire(request, table, on_wait)?),
            Dialect::Sqlite => match request.url.sqlite_file().map_err(DatabaseError::from)? {
                Some(file) => Means::File(FileLock::acquire(&file, request.wait, on_wait)?),
                None => Means::Alone,
            },
            Dialect::Other(dialect) => return Err(DatabaseError::NotNative { dialect }.into()),
        };
        Ok(Self { means })
    }

    /// Locks one more version table of the same database.
    ///
    /// # Errors
    /// As `acquire`.
    pub fn add(
        &mut self,
        table: &VersionTableName,
        wait: impl Into<LockPatience>,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), LockError> {
        match &mut self.means {
            Means::Postgres(lock) => lock.add(table, wait.into(), on_wait),
            Means::File(_) | Means::Alone => Ok(()),
        }
    }

    /// Releases the lock; what is left can lock again by [`Self::add`], if it is a session of its own.
    pub fn released(self) -> Option<Self> {
        match self.means {
            Means::Postgres(lock) => Some(Self { means: Means::Postgres(lock.released()?) }),
            Means::File(_) | Means::Alone => None,
        }
    }

    /// Whether the lock is still held: its connection may have been ended by somebody, its row taken over.
    ///
    /// # Errors
    /// It is not; nothing more may be changed.
    pub fn check(&mut self) -> Result<(), LockError> {
        match &mut self.means {
            Means::Postgres(lock) => lock.check(),
            Means::File(_) | Means::Alone => Ok(()),
        }
    }

    /// What proves in the script's own transaction that the lock is held. With `until_commit` nobody can take it over before
    /// that transaction ends, which makes it wait: right when the transaction is about to end.
    pub fn proofs(&self, until_commit: bool) -> Vec<LockProof> {
        match &self.means {
            Means::Postgres(lock) => lock.proofs(until_commit),
            Means::File(_) | Means::Alone => Vec::new(),
        }
    }

    /// What it is, for those who want to know.
    pub fn describe(&self) -> String {
        match &self.means {
            Means::Postgres(lock) => lock.describe(),
            Means::File(lock) => format!("the lock file {}", lock.path().display()),
            Means::Alone => "none, as the database is in memory".to_owned(),
        }
    }
}
