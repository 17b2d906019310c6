//! Ending a statement of SQLite that is under way, or that waits for a lock.

use std::time::{Duration, Instant};

use rusqlite::Connection;

/// After so many steps of SQLite's machine somebody is asked: some hundred microseconds of most statements.
const STEPS: i32 = 10_000;

/// How long to pause before a lock is asked for again.
const PAUSE: Duration = Duration::from_millis(10);

/// From now on statements end when `is_interrupted` says so; a lock is waited for as long as before.
pub(super) fn begin(connection: &mut Connection, is_interrupted: fn() -> bool, timeout: Duration) {
    let mut since = Instant::now();
    let waits = move |count: i32| {
        if count == 0 {
            since = Instant::now();
        }
        let left = timeout.saturating_sub(since.elapsed());
        if left.is_zero() || is_interrupted() {
            return false;
        }
        std::thread::sleep(PAUSE.min(left));
        true
    };
    // Without memory for these a statement ends by itself, as it did before there was anybody to ask.
    let _ = connection.progress_handler(STEPS, Some(is_interrupted));
    let _ = connection.busy_handler(Some(waits));
}

/// Takes that back. How long locks are waited for: as before, unless a statement has said otherwise.
pub(super) fn end(connection: &mut Connection, timeout: Duration) -> Duration {
    // 0 where nothing has been set since the handler was.
    let set: i64 = connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0)).unwrap_or_default();
    let timeout = u64::try_from(set).ok().filter(|set| *set > 0).map_or(timeout, Duration::from_millis);
    let _ = connection.progress_handler(STEPS, None::<fn() -> bool>);
    let _ = connection.busy_handler(None::<fn(i32) -> bool>);
    let _ = connection.busy_timeout(timeout);
    timeout
}
