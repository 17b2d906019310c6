use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::heartbeat::{Heartbeat, Leases};
use super::lease::{Claim, Lease, Report};
use super::{Queue, QueueError, Run};
use crate::database::LockError;
use crate::migrate::MigrateError;
use crate::revision::RevisionId;
use crate::runtime::Interruption;
use crate::tenant::{Assignment, Feed, Standing, Surveyed, TenantOutcome};

/// How often a runner that waits for others asks again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a tenant whose migration lock somebody else has is put back before it has failed.
const TURNS_BEHIND_A_LOCK: u32 = 5;

/// Gives out the tenants of a shared run to the workers of this runner.
pub struct SharedFeed<'a> {
    queue: &'a Queue,
    run: &'a Run,
    owner: String,
    /// By position in the run.
    tenants: &'a [Surveyed],
    leases: Leases,
    _heartbeat: Heartbeat,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When the queue had nothing for us; other workers do not ask again so soon.
    asked: Option<Instant>,
    failure: Option<QueueError>,
    taken_over: HashMap<usize, String>,
    lost: Vec<usize>,
    given_back: Vec<usize>,
}

/// What a runner has seen of a shared run, beyond what became of its own tenants.
#[derive(Debug, Default)]
pub struct SharedPart {
    /// Positions of tenants that were taken over, with the runner that was not heard of any more.
    pub taken_over: HashMap<usize, String>,
    /// Positions of tenants that another runner took over from this one, which was not heard of in time.
    pub lost: Vec<usize>,
    /// Positions of tenants that were put back: somebody else was migrating them, or this runner was interrupted.
    pub given_back: Vec<usize>,
    /// Why this runner ended before the run did.
    pub failure: Option<QueueError>,
}

impl<'a> SharedFeed<'a> {
    /// Takes part in a run. `tenants` are those of the run, by position.
    ///
    /// # Errors
    /// No thread can renew the leases.
    pub fn new(queue: &'a Queue, run: &'a Run, tenants: &'a [Surveyed]) -> std::io::Result<Self> {
        let leases = Leases::default();
        let heartbeat = Heartbeat::start(queue.link.place(), &run.id, run.lease(), leases.clone())?;
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let owner = format!("{host}, process {}", std::process::id());
        let state = Mutex::new(State::default());
        Ok(Self { queue, run, owner, tenants, leases, _heartbeat: heartbeat, state })
    }

    /// What there is to say about it at the end.
    pub fn end(self) -> SharedPart {
        let State { taken_over, lost, given_back, failure, .. } =
            self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        SharedPart { taken_over, lost, given_back, failure }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_over(&self) -> bool {
        self.with(|state| state.failure.is_some())
    }

    /// How long this worker has to wait before it may ask; the one that may is the only one for a while.
    fn turn(&self) -> Duration {
        self.with(|state| match state.asked {
            Some(asked) if asked.elapsed() < PAUSE => PAUSE.saturating_sub(asked.elapsed()),
            asked => {
                state.asked = asked.map(|_| Instant::now());
                Duration::ZERO
            }
        })
    }

    fn failed(&self, error: QueueError) {
        self.with(|state| state.failure = state.failure.take().or(Some(error)));
    }

    fn assignment(&self, lease: Lease) -> Option<Assignment> {
        let surveyed = self.tenants.get(lease.position)?.clone();
        let index = lease.position;
        if let Some(former) = lease.former_owner.clone() {
            self.with(|state| state.taken_over.insert(index, former));
        }
        self.leases.add(lease);
        Some(Assignment { index, surveyed })
    }

    fn report(&self, assignment: &Assignment, outcome: &TenantOutcome) -> Report {
        Report {
            steps: outcome.steps,
            duration_ms: u64::try_from(outcome.elapsed.as_millis()).unwrap_or(u64::MAX / 4),
            heads_after: outcome.error.is_none().then(|| heads_after(&assignment.surveyed)),
            revision: outcome.revision.clone(),
            error: outcome.error.as_ref().map(|error| without_secrets(&error.to_string(), &assignment.surveyed)),
        }
    }

    /// In how many milliseconds the tenant may have another turn, where it did not fail: somebody else was migrating it, or this runner was
    /// interrupted.
    fn turn_later(&self, lease: &Lease, outcome: &TenantOutcome) -> Option<u64> {
        if outcome.is_interrupted() {
            return Some(0);
        }
        let pause = u64::try_from(self.run.lease().as_millis()).unwrap_or(u64::MAX / 4);
        (is_held(outcome) && lease.attempts < TURNS_BEHIND_A_LOCK).then_some(pause)
    }

    fn tell(&self, assignment: &Assignment, lease: &Lease, outcome: &TenantOutcome) -> Result<(), QueueError> {
        let position = lease.position;
        if let Some(pause) = self.turn_later(lease, outcome) {
            if self.queue.give_back(&self.run.id, lease, pause)? {
                self.with(|state| state.given_back.push(position));
                return Ok(());
            }
        } else if self.queue.finish(&self.run.id, lease, &self.report(assignment, outcome))? {
            return Ok(());
        }
        self.with(|state| state.lost.push(position));
        Ok(())
    }
}

impl Feed for SharedFeed<'_> {
    fn next(&self) -> Option<Assignment> {
        loop {
            let pause = self.turn();
            if self.is_over() || Interruption::is_requested() {
                return None;
            }
            if !pause.is_zero() {
                std::thread::sleep(pause);
                continue;
            }
            match self.queue.claim(&self.run.id, &self.owner) {
                Ok(Claim::Leased(lease)) => {
                    self.with(|state| state.asked = None);
                    return self.assignment(lease);
                }
                Ok(Claim::Wait) => self.with(|state| state.asked = Some(Instant::now())),
                Ok(Claim::Over(_)) => return None,
                Err(error) => {
                    self.failed(error);
                    return None;
                }
            }
        }
    }

    fn may_begin(&self, assignment: &Assignment) -> bool {
        let Some(lease) = self.leases.get(assignment.index) else { return false };
        let answer = self.queue.may_begin(&self.run.id, &lease);
        if matches!(answer, Ok(true)) {
            return true;
        }
        self.leases.remove(assignment.index);
        // In a run that was ended it goes back, to be skipped; one that was lost is not ours to give.
        match answer.and_then(|_| self.queue.give_back(&self.run.id, &lease, 0)) {
            Ok(true) => {}
            Ok(false) => self.with(|state| state.lost.push(assignment.index)),
            Err(error) => self.failed(error),
        }
        false
    }

    fn returned(&self, assignment: &Assignment) {
        if let Some(lease) = self.leases.get(assignment.index)
            && let Err(error) = self.queue.give_back(&self.run.id, &lease, 0)
        {
            self.failed(error);
        }
        self.leases.remove(assignment.index);
    }

    fn finished(&self, assignment: &Assignment, outcome: &TenantOutcome) {
        let Some(lease) = self.leases.get(assignment.index) else { return };
        if let Err(error) = self.tell(assignment, &lease, outcome) {
            self.failed(error);
        }
        self.leases.remove(assignment.index);
        // It may have been the last one of the wave.
        self.with(|state| state.asked = None);
    }
}

/// The row is read by whoever may read the queue, in other places than the tenant's password.
fn without_secrets(sentence: &str, surveyed: &Surveyed) -> String {
    surveyed.url.as_ref().map_or_else(|| sentence.to_owned(), |url| url.censored(sentence))
}

/// Whether it was not begun because somebody else was migrating the tenant.
fn is_held(outcome: &TenantOutcome) -> bool {
    matches!(&outcome.error, Some(MigrateError::Lock(LockError::Held { .. })))
}

/// The rows that a tenant has when its plan is done.
fn heads_after(surveyed: &Surveyed) -> Vec<RevisionId> {
    match &surveyed.standing {
        Standing::Behind { plan, rows } => plan.steps.last().map_or_else(|| rows.clone(), |step| step.to_heads.clone()),
        standing => standing.rows().to_vec(),
    }
}
