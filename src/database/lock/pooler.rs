use super::{LockError, LockRequest};
use crate::database::Access;
use crate::database::postgres::PostgresConnection;

/// How many transactions of another connection are looked at; poolers that take their servers in turns would need as many servers
/// that do nothing to stay undetected.
const LOOKS: usize = 16;

pub(super) const BACKEND: &str = "SELECT pg_catalog.pg_backend_pid()::text";

/// Whether a pooler gives the server's process of this connection to other clients between two transactions, so that a session's
/// lock would belong to everybody. `backend` is the process that has just served it.
///
/// Asked only where the process that was announced at the start is not the one that serves: then something is between, which
/// may pool sessions (harmless) or transactions. A pooler of transactions gives the process of the connection that was used last
/// to the next that asks: so a second connection meets it, or the first one is served by another process afterwards.
pub(super) fn shares_backends(
    request: &LockRequest<'_>,
    session: &PostgresConnection,
    backend: &str,
) -> Result<bool, LockError> {
    let other = PostgresConnection::open(request.url, request.environment, Access::Read)?;
    for _ in 0..LOOKS {
        if other.text(BACKEND, &[])?.as_deref() == Some(backend) {
            return Ok(true);
        }
    }
    Ok(session.text(BACKEND, &[])?.as_deref() != Some(backend))
}
