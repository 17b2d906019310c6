use std::time::Duration;

use super::DeploymentRequest;
use crate::config::LockSetting;
use crate::database::{
    Access, Connection, DatabaseLock, DatabaseUrl, LockMethod, LockRequest, LockWait, VersionTableName,
};
use crate::migrate::{MigrateError, Purge};
use crate::plan::Plan;
use crate::revision::RevisionId;

/// How long another runner is waited for where nothing says otherwise.
const LOCK_WAIT: Duration = Duration::from_secs(60);

/// One version table that is locked, read and planned for.
pub(super) struct Held {
    url: DatabaseUrl,
    table: VersionTableName,
    /// `None` where the settings want no lock.
    lock: Option<DatabaseLock>,
    /// limbec's own, beside the script's.
    pub(super) connection: Connection,
    /// The rows under the lock.
    pub(super) rows: Vec<RevisionId>,
    /// What leads from them to the target.
    pub(super) plan: Plan,
}

impl Held {
    /// Locks, reads and plans. `before` is what was held until now: on the same database its lock and its connection are used.
    pub(super) fn take(
        request: &DeploymentRequest<'_>,
        url: &DatabaseUrl,
        table: &VersionTableName,
        before: Option<Self>,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, MigrateError> {
        let (lock, mut connection) = match before.filter(|held| held.url == *url) {
            Some(Self { mut lock, connection, .. }) => {
                if let Some(lock) = &mut lock {
                    lock.add(table, request.options.lock_wait.unwrap_or(LOCK_WAIT), on_wait)?;
                }
                (lock, connection)
            }
            None => {
                let lock = acquire(request, url, table, on_wait)?;
                (lock, Connection::open(url, request.environment, Access::Write)?)
            }
        };
        let (rows, plan) = read(request, &mut connection, table)?;
        Ok(Self { url: url.clone(), table: table.clone(), lock, connection, rows, plan })
    }

    /// Reads and plans anew, under the same lock.
    pub(super) fn read_again(&mut self, request: &DeploymentRequest<'_>) -> Result<(), MigrateError> {
        (self.rows, self.plan) = read(request, &mut self.connection, &self.table)?;
        Ok(())
    }

    /// Whether it is this version table.
    pub(super) fn is(&self, url: &DatabaseUrl, table: &VersionTableName) -> bool {
        self.url.is_same_database(url) && self.table.name == table.name && self.table.schema == table.schema
    }

    /// Fails when the lock is not held any more.
    pub(super) fn check_lock(&mut self) -> Result<(), MigrateError> {
        Ok(self.lock.as_mut().map_or(Ok(()), DatabaseLock::check)?)
    }
}

fn read(
    request: &DeploymentRequest<'_>,
    connection: &mut Connection,
    table: &VersionTableName,
) -> Result<(Vec<RevisionId>, Plan), MigrateError> {
    let rows = match request.purge {
        Purge::Nothing => connection.version_rows(table)?.unwrap_or_default(),
        Purge::All => Vec::new(),
    };
    let plan =
        request.operation.plan(&request.scripts.map, &rows).map_err(|error| MigrateError::Refused(error.into()))?;
    Ok((rows, plan))
}

fn acquire(
    request: &DeploymentRequest<'_>,
    url: &DatabaseUrl,
    table: &VersionTableName,
    on_wait: &mut dyn FnMut(&LockWait),
) -> Result<Option<DatabaseLock>, MigrateError> {
    let method = match request.options.lock.unwrap_or_default() {
        LockSetting::Auto => LockMethod::Auto,
        LockSetting::Advisory => LockMethod::Advisory,
        LockSetting::Row => LockMethod::Row,
        LockSetting::Off => return Ok(None),
    };
    let wait = request.options.lock_wait.unwrap_or(LOCK_WAIT);
    let request = LockRequest { url, environment: request.environment, method, wait };
    Ok(Some(DatabaseLock::acquire(&request, table, on_wait)?))
}
