use std::time::Duration;

use crate::config::DeployOptions;
use crate::migrate::Preparation;

/// How often a step is tried again where a limit on waiting for locks asks for it and nothing else is said.
const RETRIES_WITH_LOCK_TIMEOUT: u32 = 3;

/// What PostgreSQL takes at most: its settings are 32-bit integers.
const LONGEST_MS: u64 = i32::MAX as u64;

/// How often a failed step may be tried again.
pub(super) fn retries(options: &DeployOptions) -> u32 {
    let waits_briefly = options.lock_timeout.is_some_and(|limit| !limit.is_zero());
    options.retries.unwrap_or(if waits_briefly { RETRIES_WITH_LOCK_TIMEOUT } else { 0 })
}

/// The limits of the script's own connection.
pub(super) fn preparation(options: &DeployOptions) -> Preparation {
    Preparation {
        lock_timeout_ms: options.lock_timeout.map(milliseconds),
        statement_timeout_ms: options.statement_timeout.map(milliseconds),
        watch_commits: true,
        ..Preparation::default()
    }
}

/// Rounded up: what is not zero must not become zero, which is no limit.
fn milliseconds(limit: Duration) -> u64 {
    u64::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(LONGEST_MS).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_locks_brings_retries() {
        let mut options = DeployOptions::default();
        let unlimited = Preparation { watch_commits: true, ..Preparation::default() };
        assert_eq!((retries(&options), preparation(&options)), (0, unlimited));
        options.lock_timeout = Some(Duration::from_secs(5));
        assert_eq!(retries(&options), 3);
        options.lock_timeout = Some(Duration::ZERO);
        assert_eq!((retries(&options), preparation(&options).lock_timeout_ms), (0, Some(0)));
        options.retries = Some(1);
        assert_eq!(retries(&options), 1);
    }

    #[test]
    fn limits_are_never_rounded_to_none() {
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::from_millis(1500)), 1500);
        assert_eq!(milliseconds(Duration::MAX), LONGEST_MS);
    }
}
