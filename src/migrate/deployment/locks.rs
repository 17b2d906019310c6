use std::time::Duration;

use crate::config::{DeployOptions, LockSetting};
use crate::database::{
    Access, Connection, DatabaseError, DatabaseLock, DatabaseUrl, Dialect, Environment, LockError, LockMethod,
    LockPatience, LockRequest, LockWait, OWN_SCHEMA, VersionTableName, lock_name,
};
use crate::migrate::{MigrateError, NamedLock, RunTarget, Statement};
use crate::runtime::{Interruption, RuntimeError};

/// How long another runner is waited for where nothing says otherwise.
pub const LOCK_WAIT: Duration = Duration::from_secs(60);

/// What decides how databases are locked.
#[derive(Clone, Copy)]
pub(super) struct LockTerms<'a> {
    pub(super) options: &'a DeployOptions,
    pub(super) environment: &'a Environment,
}

/// The locks of one run, kept to its end: env.py may have several databases with open transactions.
#[derive(Default)]
pub(super) struct Locks {
    held: Vec<(DatabaseUrl, DatabaseLock)>,
}

impl LockTerms<'_> {
    pub(super) fn wait(&self) -> Duration {
        self.options.lock_wait.unwrap_or(LOCK_WAIT)
    }

    fn patience(&self) -> LockPatience {
        LockPatience { limit: self.wait(), is_interrupted: Interruption::is_requested }
    }

    /// `None` where the settings want no lock.
    fn method(&self) -> Option<LockMethod> {
        match self.options.lock.unwrap_or_default() {
            LockSetting::Auto => Some(LockMethod::Auto),
            LockSetting::Advisory => Some(LockMethod::Advisory),
            LockSetting::Row => Some(LockMethod::Row),
            LockSetting::Off => None,
        }
    }

    /// `None` where the settings want no lock.
    fn acquire(
        self,
        url: &DatabaseUrl,
        table: &VersionTableName,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Option<DatabaseLock>, MigrateError> {
        let Some(method) = self.method() else { return Ok(None) };
        let own_schema = self.options.history.as_ref().and_then(|history| history.schema.as_deref());
        let request = LockRequest {
            url,
            environment: self.environment,
            method,
            wait: self.patience(),
            own_schema: own_schema.unwrap_or(OWN_SCHEMA),
            expiry: LockRequest::EXPIRY,
        };
        DatabaseLock::acquire(&request, table, on_wait).map(Some).map_err(refused)
    }

    /// The lock that only the engine can take, for dialects that have one.
    pub(super) fn named_lock(&self, target: &RunTarget) -> Option<NamedLock> {
        self.method()?;
        if !matches!(target.dialect.as_str(), "mysql" | "mariadb") {
            return None;
        }
        let url = DatabaseUrl::parse(target.url.as_deref()?).ok()?;
        let name = lock_name(url.database().unwrap_or_default(), &target.table());
        Some(NamedLock { name, wait_seconds: self.wait().as_secs_f64().ceil() as u64 })
    }
}

fn refused(error: LockError) -> MigrateError {
    match error {
        LockError::Interrupted => RuntimeError::Interrupted.into(),
        error => error.into(),
    }
}

impl Locks {
    /// Locks one version table, unless the settings want no lock. What is locked already stays so.
    pub(super) fn lock(
        &mut self,
        terms: LockTerms<'_>,
        url: &DatabaseUrl,
        table: &VersionTableName,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), MigrateError> {
        if let Some((_, lock)) = self.held.iter_mut().find(|(locked, _)| locked.is_same_database(url)) {
            return lock.add(table, terms.patience(), on_wait).map_err(refused);
        }
        let Some(lock) = terms.acquire(url, table, on_wait)? else { return Ok(()) };
        self.held.push((url.clone(), lock));
        Ok(())
    }

    /// Releases all of them; a session of this database that can lock again is kept.
    pub(super) fn released(self, url: &DatabaseUrl) -> Self {
        let released = self.held.into_iter().filter_map(|(locked, lock)| Some((locked, lock.released()?)));
        let held = released.filter(|(locked, _)| locked.is_same_database(url));
        Self { held: held.collect() }
    }

    /// Fails when one of them is not held any more.
    pub(super) fn check(&mut self) -> Result<(), MigrateError> {
        self.held.iter_mut().try_for_each(|(_, lock)| lock.check()).map_err(MigrateError::from)
    }

    /// What one of them was lost by, if it was.
    pub(super) fn lost(&mut self) -> MigrateError {
        let unknown = || LockError::Lost { reason: "the database says that it is not held any more".to_owned() }.into();
        self.check().err().unwrap_or_else(unknown)
    }

    /// Proofs for the script's transaction on this database; each has to give a row.
    pub(super) fn proofs(&self, url: &DatabaseUrl, until_commit: bool) -> Vec<Statement> {
        let locks = self.held.iter().filter(|(locked, _)| locked.is_same_database(url));
        locks
            .flat_map(|(_, lock)| lock.proofs(until_commit))
            .map(|proof| Statement {
                sql: proof.sql,
                parameters: proof.parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect(),
                needs_row: true,
            })
            .collect()
    }

    /// By what this database is locked.
    pub(super) fn describe(&self, url: &DatabaseUrl) -> Option<String> {
        let lock = self.held.iter().find(|(locked, _)| locked.is_same_database(url));
        lock.map(|(_, lock)| lock.describe())
    }
}

/// Locks one version table as a migration does; `None` where the settings want no lock.
///
/// # Errors
/// The lock is not to be had.
pub fn lock(
    options: &DeployOptions,
    environment: &Environment,
    (url, table): (&DatabaseUrl, &VersionTableName),
    on_wait: &mut dyn FnMut(&LockWait),
) -> Result<Option<DatabaseLock>, MigrateError> {
    LockTerms { options, environment }.acquire(url, table, on_wait)
}

/// Creates the version table where it does not exist, under the lock. Whether it was created.
///
/// # Errors
/// The lock is not to be had, or what the database says. `NotNative` for a dialect that only the engine speaks.
pub fn ensure_version_table(
    options: &DeployOptions,
    environment: &Environment,
    (url, table): (&DatabaseUrl, &VersionTableName),
    on_wait: &mut dyn FnMut(&LockWait),
) -> Result<bool, MigrateError> {
    if let Dialect::Other(dialect) = url.dialect() {
        return Err(DatabaseError::NotNative { dialect }.into());
    }
    if Connection::open(url, environment, Access::Read)?.version_rows(table)?.is_some() {
        return Ok(false);
    }
    let mut locks = Locks::default();
    locks.lock(LockTerms { options, environment }, url, table, on_wait)?;
    Ok(Connection::open(url, environment, Access::Write)?.ensure_version_table(table)?)
}
