use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who holds a lock, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LockHolder {
    /// `application_name` of the connection, or the name of the program.
    pub application: Option<String>,
    /// Where it runs.
    pub host: Option<String>,
    /// Process id: of the server's process on PostgreSQL, of the program otherwise.
    pub pid: Option<i64>,
    /// Since when, RFC 3339.
    pub since: Option<String>,
}

/// Somebody else holds the lock and is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockWait {
    /// Who.
    pub holder: LockHolder,
    /// After which waiting ends.
    pub limit: Duration,
}

/// `limbec on web-3 (process 812) since 2026-05-01T12:00:00Z`
impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.application.as_deref().filter(|name| !name.is_empty()).unwrap_or("another program"))?;
        if let Some(host) = &self.host {
            write!(f, " on {host}")?;
        }
        if let Some(pid) = self.pid {
            write!(f, " (process {pid})")?;
        }
        match &self.since {
            Some(since) => write!(f, " since {since}"),
            None => Ok(()),
        }
    }
}
