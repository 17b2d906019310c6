//! One runner at a time for each version table: a guard that is held while heads are read, planned for and changed.

mod advisory;
mod error;
mod file;
mod holder;

pub use error::LockError;
pub use holder::{LockHolder, LockWait};

use std::time::{Duration, Instant};

use advisory::AdvisoryLock;
use file::FileLock;

use super::{DatabaseUrl, Dialect, Environment, VersionTableName};

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
    /// After which the attempt fails.
    pub wait: Duration,
}

/// A lock on the version tables of one database, held until it is dropped; the death of the process or of the connection
/// releases it as well.
#[derive(Debug)]
pub struct DatabaseLock {
    means: Means,
}

#[derive(Debug)]
enum Means {
    Advisory(Box<AdvisoryLock>),
    File(#[expect(dead_code, reason = "held for its end")] FileLock),
    /// Nobody else can reach the database: SQLite in memory.
    Alone,
}

impl DatabaseLock {
    /// Takes the lock, waiting for another holder as long as the request allows; `on_wait` is told who that is, and again
    /// whenever it changes.
    ///
    /// # Errors
    /// The holder did not let go in time, or the database cannot be reached. `NotNative` for a dialect that only the engine speaks.
    pub fn acquire(
        request: &LockRequest<'_>,
        table: &VersionTableName,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let means = match request.url.dialect() {
            Dialect::Postgres => Means::Advisory(Box::new(AdvisoryLock::acquire(request, table, on_wait)?)),
            Dialect::Sqlite => match request.url.sqlite_file()? {
                Some(file) => Means::File(FileLock::acquire(&file, request.wait, on_wait)?),
                None => Means::Alone,
            },
            Dialect::Other(dialect) => return Err(super::DatabaseError::NotNative { dialect }.into()),
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
        wait: Duration,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), LockError> {
        match &mut self.means {
            Means::Advisory(lock) => lock.add(table, wait, on_wait),
            Means::File(_) | Means::Alone => Ok(()),
        }
    }

    /// Whether the lock is still held: its connection may have been ended by somebody.
    ///
    /// # Errors
    /// It is not; nothing more may be changed.
    pub fn check(&mut self) -> Result<(), LockError> {
        match &mut self.means {
            Means::Advisory(lock) => lock.check(),
            Means::File(_) | Means::Alone => Ok(()),
        }
    }
}

/// Tries until it succeeds or the time is over. `attempt` gives the holder that is in the way, if it fails.
fn wait_for(
    wait: Duration,
    on_wait: &mut dyn FnMut(&LockWait),
    mut attempt: impl FnMut() -> Result<Option<LockHolder>, LockError>,
) -> Result<(), LockError> {
    const PAUSE: Duration = Duration::from_millis(100);
    let began = Instant::now();
    let mut told: Option<LockHolder> = None;
    loop {
        let Some(holder) = attempt()? else { return Ok(()) };
        if began.elapsed() >= wait {
            return Err(LockError::Held { holder: Box::new(holder), waited: wait });
        }
        if told.as_ref() != Some(&holder) {
            on_wait(&LockWait { holder: holder.clone(), limit: wait });
            told = Some(holder);
        }
        std::thread::sleep(PAUSE.min(wait.saturating_sub(began.elapsed())));
    }
}
