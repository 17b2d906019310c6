use std::fmt;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// Who holds a lock, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LockHolder {
    /// `application_name` of the connection, or the name of the program.
    pub application: Option<String>,
    /// Where it runs: host name or address, `[local]` for a Unix socket.
    pub host: Option<String>,
    /// The role or user that the server knows it by.
    pub user: Option<String>,
    /// Process id: of the server's process on PostgreSQL and MySQL, of the program otherwise.
    pub pid: Option<i64>,
    /// Since when, RFC 3339; for a lock of a connection, since when that exists.
    pub since: Option<String>,
}

/// Somebody else holds the lock and is waited for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LockWait {
    /// Who.
    pub holder: LockHolder,
    /// For how long, until now.
    #[serde(rename = "waited_seconds", deserialize_with = "seconds")]
    pub waited: Duration,
    /// After which waiting ends.
    #[serde(rename = "limit_seconds", deserialize_with = "seconds")]
    pub limit: Duration,
    /// Whether the holder is one that has not been told of.
    pub is_news: bool,
}

/// The driver counts in seconds.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(Error::custom)
}

/// `limbec on web-3 (process 812, user deploy) since 2026-05-01T12:00:00Z`
impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.application.as_deref().filter(|name| !name.is_empty()).unwrap_or("another program"))?;
        if let Some(host) = &self.host {
            write!(f, " on {host}")?;
        }
        let pid = self.pid.map(|pid| format!("process {pid}"));
        let user = self.user.as_ref().map(|user| format!("user {user}"));
        let details: Vec<String> = pid.into_iter().chain(user).collect();
        if !details.is_empty() {
            write!(f, " ({})", details.join(", "))?;
        }
        match &self.since {
            Some(since) => write!(f, " since {since}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_known_and_no_more() {
        assert_eq!(LockHolder::default().to_string(), "another program");
        let known = LockHolder { application: Some("limbec".into()), pid: Some(812), ..LockHolder::default() };
        assert_eq!(known.to_string(), "limbec (process 812)");
        let known = LockHolder {
            host: Some("10.0.0.7".into()),
            user: Some("deploy".into()),
            since: Some("2026-05-01T12:00:00Z".into()),
            ..known
        };
        assert_eq!(known.to_string(), "limbec on 10.0.0.7 (process 812, user deploy) since 2026-05-01T12:00:00Z");
    }
}
