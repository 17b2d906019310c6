use std::time::Duration;

use sha2::{Digest, Sha256};

use super::{LockError, LockHolder, LockRequest, LockWait, wait_for};
use crate::database::postgres::PostgresConnection;
use crate::database::{Access, VersionTableName};

/// PostgreSQL's session advisory locks, on a connection of their own: it ends with the process, and its locks with it.
#[derive(Debug)]
pub(super) struct AdvisoryLock {
    connection: PostgresConnection,
}

impl AdvisoryLock {
    pub(super) fn acquire(
        request: &LockRequest<'_>,
        table: &VersionTableName,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let connection = PostgresConnection::open(request.url, request.environment, Access::Read)?;
        let mut lock = Self { connection };
        lock.add(table, request.wait, on_wait)?;
        Ok(lock)
    }

    pub(super) fn add(
        &mut self,
        table: &VersionTableName,
        wait: Duration,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<(), LockError> {
        let key = key_of(table).to_string();
        wait_for(wait, on_wait, || {
            let taken = self.connection.text("SELECT pg_try_advisory_lock($1::text::bigint)::text", &[&key])?;
            Ok((taken.as_deref() != Some("true")).then(LockHolder::default))
        })
    }

    pub(super) fn check(&mut self) -> Result<(), LockError> {
        match self.connection.text("SELECT ''", &[]) {
            Ok(_) => Ok(()),
            Err(error) => Err(LockError::Lost { reason: error.to_string() }),
        }
    }
}

/// The same for every runner: advisory locks are per database already, so that its name has no part in it.
fn key_of(table: &VersionTableName) -> i64 {
    let text = format!("limbec\0{}\0{}", table.schema.as_deref().unwrap_or_default(), table.name);
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |key, byte| key << 8 | i64::from(*byte))
}
