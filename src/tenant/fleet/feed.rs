use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Failures, OnError, TenantOutcome, Waves};
use crate::tenant::Surveyed;

/// A tenant that a worker is to migrate.
#[derive(Debug, Clone)]
pub struct Assignment {
    /// Position in the list of the run.
    pub index: usize,
    /// The tenant.
    pub surveyed: Surveyed,
}

/// Who gives out tenants; workers ask from several threads.
pub trait Feed: Sync {
    /// The next tenant, waited for where there will be one (a later wave, say); `None` ends the worker.
    fn next(&self) -> Option<Assignment>;

    /// Asked by the worker right before it begins: whether the tenant is still to be migrated here. `false`: it is left alone, and there is
    /// nothing to report.
    fn may_begin(&self, _: &Assignment) -> bool {
        true
    }

    /// Takes back a tenant that nothing was done to: somebody asked the run to end.
    fn returned(&self, assignment: &Assignment) {
        let _ = assignment;
    }

    /// What became of it.
    fn finished(&self, assignment: &Assignment, outcome: &TenantOutcome);
}

/// One after the other, whatever happens.
#[derive(Debug)]
pub struct InOrder {
    left: Mutex<VecDeque<Assignment>>,
}

impl InOrder {
    /// The tenants, in the order in which they are given out.
    pub fn new(tenants: impl IntoIterator<Item = Assignment>) -> Self {
        Self { left: Mutex::new(tenants.into_iter().collect()) }
    }
}

impl Feed for InOrder {
    fn next(&self) -> Option<Assignment> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn finished(&self, _: &Assignment, _: &TenantOutcome) {}
}

/// One wave after the other: the next one begins when the one before is done, and only while the failures are those that [`OnError`] allows.
#[derive(Debug)]
pub struct InWaves {
    state: Mutex<WaveState>,
    changed: Condvar,
    on_error: OnError,
}

#[derive(Debug)]
struct WaveState {
    left: VecDeque<Assignment>,
    /// Sizes of the waves after the one that is under way.
    waves: VecDeque<usize>,
    /// How many of the wave have not been given out.
    wave_left: usize,
    running: usize,
    failures: Failures,
    is_stopped: bool,
}

impl InWaves {
    /// The tenants, in the order in which they are given out.
    pub fn new(tenants: Vec<Assignment>, waves: &Waves, on_error: OnError) -> Self {
        let sizes = waves.sizes(tenants.len());
        Self::of_sizes(tenants, sizes, on_error)
    }

    /// The same with the sizes of the waves, of which none is 0.
    pub fn of_sizes(tenants: Vec<Assignment>, sizes: Vec<usize>, on_error: OnError) -> Self {
        let waves = sizes.into();
        let failures = Failures::default();
        let mut state =
            WaveState { left: tenants.into(), waves, wave_left: 0, running: 0, failures, is_stopped: false };
        state.next_wave();
        Self { state: Mutex::new(state), changed: Condvar::new(), on_error }
    }

    /// Gives out no more.
    pub fn stop(&self) {
        self.state().is_stopped = true;
        self.changed.notify_all();
    }

    /// Whether it was stopped, by failures or by somebody.
    pub fn is_stopped(&self) -> bool {
        self.state().is_stopped
    }

    fn state(&self) -> MutexGuard<'_, WaveState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WaveState {
    /// Whether there is one.
    fn next_wave(&mut self) -> bool {
        let Some(size) = self.waves.pop_front() else { return false };
        self.wave_left = size;
        self.failures = Failures { in_wave: 0, wave_size: size, ..self.failures };
        true
    }
}

impl Feed for InWaves {
    fn next(&self) -> Option<Assignment> {
        let mut state = self.state();
        loop {
            if state.is_stopped {
                return None;
            }
            if state.wave_left > 0 {
                state.wave_left -= 1;
                state.running += 1;
                return state.left.pop_front();
            }
            if state.running == 0 {
                if !state.next_wave() {
                    return None;
                }
                self.changed.notify_all();
            } else if state.waves.is_empty() {
                return None;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn returned(&self, _: &Assignment) {
        let mut state = self.state();
        state.running -= 1;
        state.is_stopped = true;
        self.changed.notify_all();
    }

    fn finished(&self, _: &Assignment, outcome: &TenantOutcome) {
        let mut state = self.state();
        state.running -= 1;
        if outcome.error.is_some() {
            state.failures.in_run += 1;
            state.failures.in_wave += 1;
            state.is_stopped |= !self.on_error.allows(state.failures);
        }
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::config::UrlSource;
    use crate::database::VersionTableName;
    use crate::migrate::MigrateError;
    use crate::tenant::{Standing, Tenant};

    fn tenants(count: usize) -> Vec<Assignment> {
        let url = UrlSource::Literal("sqlite://".to_owned());
        let assignment = |index: usize| {
            let tenant = Tenant {
                name: index.to_string(),
                tags: Default::default(),
                url: url.clone(),
                password: None,
                schema: None,
            };
            let standing = Standing::Unreachable { reason: String::new() };
            let surveyed = Surveyed {
                tenant: tenant.into(),
                url: None,
                table: VersionTableName::default(),
                standing,
                absence: None,
                place: None,
            };
            Assignment { index, surveyed }
        };
        (0..count).map(assignment).collect()
    }

    fn outcome(is_failure: bool) -> TenantOutcome {
        let error = is_failure.then(|| MigrateError::Protocol { method: String::new(), reason: String::new() });
        TenantOutcome { steps: 0, elapsed: Duration::ZERO, revision: None, error, output: String::new() }
    }

    fn given(feed: &InWaves, fails: impl Fn(usize) -> bool) -> Vec<usize> {
        let mut given = Vec::new();
        while let Some(assignment) = feed.next() {
            given.push(assignment.index);
            feed.finished(&assignment, &outcome(fails(assignment.index)));
        }
        given
    }

    #[test]
    fn failures_end_it() {
        let run = |waves: &str, on_error: &str, fails: fn(usize) -> bool| {
            let feed = InWaves::new(tenants(10), &waves.parse().unwrap(), on_error.parse().unwrap());
            given(&feed, fails).len()
        };
        assert_eq!(run("1,rest", "max=1%", |_| false), 10);
        assert_eq!(run("1,rest", "max=1%", |_| true), 1);
        assert_eq!(run("rest", "max=1%", |_| true), 2);
        assert_eq!(run("rest", "stop", |index| index == 4), 5);
        assert_eq!(run("1,3,rest", "continue", |_| true), 10);
        assert_eq!(run("1,3,rest", "max=4", |index| index > 0), 6);
    }

    #[test]
    fn a_wave_waits_for_the_one_before() {
        let feed = InWaves::new(tenants(12), &"2,4,rest".parse().unwrap(), OnError::Continue);
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(assignment) = feed.next() {
                        let before = done.load(Ordering::SeqCst);
                        let needed = [0, 0, 2, 2, 2, 2, 6, 6, 6, 6, 6, 6][assignment.index];
                        assert!(before >= needed, "{} began after {before}", assignment.index);
                        done.fetch_add(1, Ordering::SeqCst);
                        feed.finished(&assignment, &outcome(false));
                    }
                });
            }
        });
        assert_eq!(done.load(Ordering::SeqCst), 12);
    }
}
