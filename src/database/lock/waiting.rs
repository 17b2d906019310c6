use std::time::{Duration, Instant};

use super::{LockError, LockHolder, LockWait};

/// How long a lock is waited for.
#[derive(Debug, Clone, Copy)]
pub struct LockPatience {
    /// At most.
    pub limit: Duration,
    /// Whether the waiting is to end before, asked several times a second.
    pub is_interrupted: fn() -> bool,
}

impl From<Duration> for LockPatience {
    fn from(limit: Duration) -> Self {
        Self { limit, is_interrupted: || false }
    }
}

/// Between two attempts at first; it doubles up to `LONGEST_PAUSE`.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// After which whoever watches is told again that it still waits.
const REMINDER: Duration = Duration::from_secs(10);

/// How often a holder that nothing is known of is looked at again: it may be one that has just come, or one that has gone since.
const LOOKS_AT_AN_UNKNOWN: u32 = 5;

/// Tries until it succeeds or the time is over. `attempt` gives the holder that is in the way, if it fails.
///
/// Attempts, and not one statement that blocks: a blocked `pg_advisory_lock` has a snapshot, for which a
/// `CREATE INDEX CONCURRENTLY` of the holder would wait in turn.
pub(super) fn wait_for(
    patience: LockPatience,
    on_wait: &mut dyn FnMut(&LockWait),
    mut attempt: impl FnMut() -> Result<Option<LockHolder>, LockError>,
) -> Result<(), LockError> {
    let LockPatience { limit: wait, is_interrupted } = patience;
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut told: Option<(LockHolder, Instant)> = None;
    let mut looks = 0;
    loop {
        let Some(holder) = attempt()? else { return Ok(()) };
        if holder == LockHolder::default() && looks < LOOKS_AT_AN_UNKNOWN {
            looks += 1;
            std::thread::sleep(FIRST_PAUSE / 5);
            continue;
        }
        let waited = began.elapsed();
        if waited >= wait {
            return Err(LockError::Held { holder: Box::new(holder), waited: wait });
        }
        if is_interrupted() {
            return Err(LockError::Interrupted);
        }
        let is_news = told.as_ref().is_none_or(|(before, _)| *before != holder);
        if is_news || told.as_ref().is_some_and(|(_, when)| when.elapsed() >= REMINDER) {
            on_wait(&LockWait { holder: holder.clone(), waited, limit: wait, is_news });
            told = Some((holder, Instant::now()));
        }
        std::thread::sleep(pause.min(wait.saturating_sub(began.elapsed())));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(pid: i64) -> LockHolder {
        LockHolder { pid: Some(pid), ..LockHolder::default() }
    }

    #[test]
    fn without_time_to_wait_it_fails_at_once_and_tells_nobody() {
        let mut told = 0;
        let mut attempts = 0;
        let failed = wait_for(Duration::ZERO.into(), &mut |_| told += 1, || {
            attempts += 1;
            Ok(Some(holder(1)))
        });
        assert_eq!((attempts, told), (1, 0));
        insta::assert_snapshot!(failed.unwrap_err(), @"another run has locked this database: another program (process 1)");
    }

    #[test]
    fn an_unknown_holder_is_looked_at_again() {
        let mut holders = [LockHolder::default(), holder(7)].into_iter();
        let failed = wait_for(Duration::ZERO.into(), &mut |_| (), || Ok(holders.next()));
        insta::assert_snapshot!(failed.unwrap_err(), @"another run has locked this database: another program (process 7)");
        let mut gone = [LockHolder::default()].into_iter();
        assert!(wait_for(Duration::ZERO.into(), &mut |_| (), || Ok(gone.next())).is_ok());
        assert!(wait_for(Duration::ZERO.into(), &mut |_| (), || Ok(Some(LockHolder::default()))).is_err());
    }

    #[test]
    fn it_ends_when_somebody_asks_it_to() {
        let patience = LockPatience { limit: Duration::from_secs(3600), is_interrupted: || true };
        let ended = wait_for(patience, &mut |_| (), || Ok(Some(holder(1))));
        assert!(matches!(ended, Err(LockError::Interrupted)));
    }

    #[test]
    fn each_holder_is_told_of_once() {
        let mut holders = [1, 1, 2, 2].into_iter().map(holder);
        let mut told = Vec::new();
        let waited =
            wait_for(Duration::from_secs(60).into(), &mut |wait| told.push(wait.holder.pid), || Ok(holders.next()));
        assert!(waited.is_ok());
        assert_eq!(told, [Some(1), Some(2)]);
    }
}
