use std::time::Duration;

use sha2::{Digest, Sha256};

use super::LifecycleError;
use crate::database::{
    DatabaseLock, DatabaseUrl, Dialect, Environment, LockError, LockMethod, LockRequest, VersionTableName,
};

/// One at a time works on a tenant: a lock in a database that all of them use, held until it is dropped.
///
/// # Errors
/// Somebody else has it, who is named; or the database cannot be reached.
pub fn take_turn(
    url: &DatabaseUrl,
    environment: &Environment,
    own_schema: &str,
    tenant: &str,
) -> Result<DatabaseLock, LifecycleError> {
    let digest = Sha256::digest(tenant.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let name = format!("limbec_tenant_{hex}");
    // The lock file of SQLite's database is everybody's; this one is the tenant's.
    let place = match (url.dialect(), url.sqlite_file()) {
        (Dialect::Sqlite, Ok(Some(file))) => url.with_database(&format!("{}.{name}", file.display())),
        _ => url.clone(),
    };
    let request = LockRequest {
        url: &place,
        environment,
        method: LockMethod::Auto,
        wait: Duration::ZERO.into(),
        own_schema,
        expiry: LockRequest::EXPIRY,
    };
    let table = VersionTableName::new(name).in_schema(Some(own_schema.to_owned()));
    DatabaseLock::acquire(&request, &table, &mut |_| {}).map_err(|error| match error {
        LockError::Held { holder, .. } => LifecycleError::Busy { tenant: tenant.to_owned(), holder },
        error => LifecycleError::Lock(error),
    })
}
