use chrono::{SecondsFormat, Utc};

use super::LockHolder;

/// What this process is to others that wait for it.
pub(super) fn this_process() -> LockHolder {
    LockHolder {
        application: Some("limbec".to_owned()),
        host: Some(gethostname::gethostname().to_string_lossy().into_owned()),
        user: None,
        pid: Some(std::process::id().into()),
        since: Some(Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)),
    }
}
