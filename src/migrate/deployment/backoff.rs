use std::time::Duration;

/// Pauses between attempts: each twice the last, up to a limit, and half of each by chance, so that two runners that
/// stopped each other do not meet again at the same moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Backoff {
    /// The most that is paused before the first retry.
    pub(super) first: Duration,
    /// The most that is ever paused.
    pub(super) longest: Duration,
}

impl Backoff {
    /// How long to pause before a retry, which counts from 1; `chance` is between 0 and 1.
    pub(super) fn pause(self, retry: u32, chance: f64) -> Duration {
        let doubled = 2_u32.checked_pow(retry.saturating_sub(1)).and_then(|factor| self.first.checked_mul(factor));
        let most = doubled.unwrap_or(self.longest).min(self.longest);
        most.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) };

    fn seconds(chance: f64) -> Vec<f64> {
        (1..=7).map(|retry| BACKOFF.pause(retry, chance).as_secs_f64()).collect()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!(seconds(1.0), [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]);
        assert_eq!(seconds(0.0), [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]);
        assert_eq!(BACKOFF.pause(2, 0.5).as_secs_f64(), 1.5);
    }

    #[test]
    fn no_number_is_too_large() {
        assert_eq!(BACKOFF.pause(u32::MAX, 1.0), BACKOFF.longest);
        assert_eq!(BACKOFF.pause(0, 2.0), BACKOFF.first);
    }
}
