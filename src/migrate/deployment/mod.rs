//! One run of `upgrade`, `downgrade` or `stamp` on one project: lock, heads, plan, gates, history, limits, retries.

mod backoff;
mod backup;
mod connection_failure;
mod held;
mod hooks;
mod invalid;
mod limits;
mod locks;
mod milestones;
mod past;
mod recording;
mod retry;
mod review;
mod sql;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

pub use connection_failure::Remainder;
use held::Held;
pub use held::Kept;
pub use invalid::LeftBehind;
use locks::LockTerms;
pub use locks::{LOCK_WAIT, ensure_version_table, lock};
use milestones::Destination;
pub use past::has_half_downgrades;
pub use recording::history_table;
use recording::{Recording, record_stamp};
use retry::Attempt;
use review::{Gates, Place};
pub use review::{review_measured, review_unmeasured};

pub use hooks::HookError;

use super::{
    Event, MigrateError, Operation, Preparation, Purge, Readings, Refusal, RunTarget, Runner, SqlStep, Statement,
    Supervisor,
};
use crate::config::{DeployOptions, HookPoint};
use crate::database::{self, CommittedPart, Connection, DatabaseUrl, InvalidIndex, LockWait, VersionTableName};
use crate::gate::{Permissions, Review};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;
use crate::runtime::{FailureKind, RuntimeError};
use crate::script::{Locations, ScriptDirectory};

/// What is to be done, to what, under which conditions.
#[derive(Debug, Clone)]
pub struct DeploymentRequest<'a> {
    /// What the user asked for.
    pub operation: &'a Operation,
    /// Whether the rows of the version table are deleted first.
    pub purge: Purge,
    /// The revision files.
    pub scripts: &'a ScriptDirectory,
    /// Where they lie.
    pub locations: &'a Locations,
    /// Settings, with what the command line says over them.
    pub options: &'a DeployOptions,
    /// What the command line agrees to beforehand.
    pub permissions: Permissions,
    /// What a connection may take from the environment.
    pub environment: &'a database::Environment,
    /// Whether limbec, and not env.py, says how the steps are cut into transactions.
    pub sets_transactions: bool,
    /// Who does it, for the history.
    pub runner: &'a Runner,
    /// What was read of the revision files for other databases of this run.
    pub readings: &'a Readings,
}

/// Who watches a deployment: a person at a terminal, or a log.
pub trait Attendant {
    /// Something happened.
    fn event(&mut self, event: Event<'_>);

    /// Whether [`Event::InvalidIndexes`] is of use. Looking for them reads all indexes of the database.
    fn wants_invalid_indexes(&self) -> bool {
        true
    }

    /// Asks a person whether a plan may run. Nobody is there unless this is implemented.
    fn consent(&mut self, review: &Review) -> Consent {
        let _ = review;
        Consent::NobodyToAsk
    }
}

/// An answer to the question whether a plan may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    Given,
    /// No.
    Declined,
    /// There is no terminal.
    NobodyToAsk,
    /// Ctrl-C.
    Interrupted,
}

/// Whether there is anything to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The plan is empty, and the version table has rows.
    NothingToDo,
    /// env.py has to be run.
    Ready,
}

/// Plans and watches over the runs of env.py that carry out a request. Locks are held until it is dropped.
pub struct Deployment<'a> {
    request: DeploymentRequest<'a>,
    attendant: &'a mut dyn Attendant,
    /// The database in hand, once it is known.
    held: Option<Held>,
    /// Connections of an earlier deployment.
    kept: Option<Kept>,
    /// The plan that is being run.
    plan: Plan,
    attempt: Attempt,
    /// What has been agreed to.
    gates: Gates,
    /// Those that have been named.
    invalid_indexes: Vec<InvalidIndex>,
    /// When env.py failed to connect for the first time.
    waiting_since: Option<Instant>,
    /// The plan's rows in the history table, where there is one.
    recording: Option<Recording>,
    /// The backup that was made of a database.
    backup: Option<(DatabaseUrl, PathBuf)>,
    /// Where it is run, as env.py says.
    destination: Destination,
    /// Where the hooks before the run have run.
    prepared: BTreeSet<Destination>,
    began: Instant,
}

impl<'a> Deployment<'a> {
    /// A deployment that has touched nothing yet.
    pub fn new(request: DeploymentRequest<'a>, attendant: &'a mut dyn Attendant) -> Self {
        Self {
            request,
            attendant,
            held: None,
            kept: None,
            plan: Plan::default(),
            attempt: Attempt::default(),
            invalid_indexes: Vec::new(),
            waiting_since: None,
            gates: Gates::default(),
            recording: None,
            backup: None,
            destination: Destination::default(),
            prepared: BTreeSet::new(),
            began: Instant::now(),
        }
    }

    /// The same with the connections of an earlier deployment, which are used where the database is the same.
    #[must_use]
    pub fn continuing(self, kept: Option<Kept>) -> Self {
        Self { kept, ..self }
    }

    /// Ends it: locks are released, connections kept for the next one.
    pub fn end(self) -> Option<Kept> {
        self.held.map(|held| held.keep().released())
    }

    /// limbec is going to begin and end the transactions itself, whatever the settings say: what fails or is killed leaves nothing.
    pub fn set_transactions(&mut self) {
        self.request.sets_transactions = true;
    }

    /// The plan for the database in hand, under its lock.
    pub fn plan_in_hand(&self) -> Option<&Plan> {
        self.held.as_ref().map(|held| &held.plan)
    }

    /// Locks, reads the heads, plans and passes the gates on a database that is known before Python is started.
    ///
    /// # Errors
    /// The lock is not to be had, the database does not answer, the graph has no such plan, or a gate is shut.
    pub fn ready(&mut self, url: &DatabaseUrl, table: &VersionTableName) -> Result<Readiness, MigrateError> {
        self.hold(url, table)?;
        self.pass_gates()?;
        self.back_up(&url.dialect().to_string())?;
        let Some(held) = &self.held else { return Ok(Readiness::Ready) };
        // Without rows Alembic creates the table even if there is nothing else to do.
        let is_done = held.plan.steps.is_empty() && !held.rows.is_empty() && self.request.purge == Purge::Nothing;
        Ok(if is_done { Readiness::NothingToDo } else { Readiness::Ready })
    }

    /// Stamps on the version table itself, under the lock.
    ///
    /// # Errors
    /// As `ready`, and a row that should change and is not there.
    pub fn stamp(&mut self, url: &DatabaseUrl, table: &VersionTableName) -> Result<(), MigrateError> {
        let request = self.request.clone();
        let held = self.hold(url, table)?;
        held.check_lock()?;
        let planner = |rows: &[RevisionId]| Ok(request.operation.plan(&request.scripts.map, rows)?);
        super::stamp(&mut held.connection, table, request.purge, planner, |transaction, before, plan| {
            record_stamp(transaction, &request, table, before, plan)
        })
    }

    /// The database in hand, if its dialect is one that limbec speaks.
    pub fn url(&self) -> Option<&DatabaseUrl> {
        self.held.as_ref().map(|held| &held.url)
    }

    /// Carries the request out. `attempt` runs env.py once under the supervisor that it is given.
    ///
    /// # Errors
    /// What the last attempt ended with.
    pub fn run(
        &mut self,
        attempt: &mut dyn FnMut(&mut dyn Supervisor) -> Result<(), MigrateError>,
    ) -> Result<(), MigrateError> {
        let outcome = self.record_plan().and_then(|()| self.attempts(attempt));
        self.close_recording(outcome.as_ref().err());
        self.conclude(outcome)
    }

    fn attempts(
        &mut self,
        attempt: &mut dyn FnMut(&mut dyn Supervisor) -> Result<(), MigrateError>,
    ) -> Result<(), MigrateError> {
        loop {
            self.attempt.has_begun = false;
            match attempt(self) {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let error = self.lock_or(error);
                    let error = self.at_statement(error);
                    self.recover(error)?;
                }
            }
        }
    }

    /// A row of the version table that was not as expected may have been changed by whoever took over a lock that was lost.
    fn lock_or(&mut self, error: MigrateError) -> MigrateError {
        let is_unmatched = matches!(
            &error,
            MigrateError::Runtime(RuntimeError::Python(failure)) if failure.kind == FailureKind::CommandError
        );
        match self.held.as_mut().filter(|_| is_unmatched).map(Held::check_lock) {
            Some(Err(lost)) => lost,
            _ => error,
        }
    }

    /// The database in hand, made ready unless it is already.
    fn hold(&mut self, url: &DatabaseUrl, table: &VersionTableName) -> Result<&mut Held, MigrateError> {
        let before = match self.held.take() {
            Some(held) if held.is(url, table) => return Ok(self.held.insert(held)),
            before => {
                self.held = before;
                self.close_recording(None);
                self.held.take().map(Held::keep).or_else(|| self.kept.take())
            }
        };
        let attendant = &mut *self.attendant;
        let held = Held::take(&self.request, url, table, before, &mut |wait| attendant.event(Event::Waiting(wait)))?;
        attendant.event(Event::Detail(&held.describe_lock()));
        Ok(self.held.insert(held))
    }

    /// The gates of the plan for the database in hand.
    fn pass_gates(&mut self) -> Result<(), MigrateError> {
        let Some(held) = &mut self.held else { return Ok(()) };
        // Once the plan is recorded, the open rows are its own.
        if self.recording.is_none() {
            past::check_past(&self.request, held, self.attendant)?;
        }
        let dialect = held.url.dialect().to_string();
        let place = Place {
            url: Some(&held.url),
            dialect: &dialect,
            table: &held.table,
            connection: Some(&mut held.connection),
        };
        Ok(self.gates.pass(&self.request, &held.plan, place, self.attendant)?)
    }
}

impl Supervisor for Deployment<'_> {
    fn begin(&mut self, target: &RunTarget) -> Result<Preparation, Refusal> {
        let mut preparation = limits::preparation(self.request.options);
        if let Some(url) = target.native_url() {
            self.hold(&url, &target.table())?;
            self.pass_gates()?;
            self.back_up(&target.dialect)?;
            self.record_plan()?;
        } else {
            let terms = LockTerms { options: self.request.options, environment: self.request.environment };
            preparation.named_lock = terms.named_lock(target);
            if preparation.named_lock.is_none() {
                self.attendant.event(Event::Detail(&format!("no lock: {} has none that limbec takes", target.dialect)));
            }
        }
        self.attempt.begun(target);
        Ok(preparation)
    }

    fn plan(&mut self, rows: &[RevisionId], target: &RunTarget) -> Result<Plan, Refusal> {
        let plan = self.request.operation.plan(&self.request.scripts.map, rows)?;
        if !target.offline {
            self.gates.pass_target(&self.request, &plan, target, self.held.as_mut(), self.attendant)?;
        }
        self.plan = plan.clone();
        if !target.offline && !plan.steps.is_empty() {
            self.destination = Destination::of(target);
            self.back_up(&target.dialect)?;
            self.before_all()?;
            self.attendant.event(Event::Planned(&plan));
        }
        self.attempt.planned(rows, target);
        if !target.offline {
            self.tell_invalid_indexes(&plan);
        }
        self.compare_with_recorded(&plan, target);
        Ok(plan)
    }

    fn step_started(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        if let Some(held) = &mut self.held {
            held.check_lock_before_step()?;
        }
        self.attempt.step_started(step);
        self.record_start(index);
        self.around_step(HookPoint::BeforeStep, index)?;
        self.attendant.event(Event::StepStarted { index, step });
        Ok(())
    }

    fn step_committed(&mut self, _: usize) {
        self.attempt.step_committed();
    }

    fn sql_step(&self, step: &Step) -> Result<Option<SqlStep>, Refusal> {
        self.described(step)
    }

    fn continues_behind(&self, step: &Step) -> Option<CommittedPart> {
        self.held.as_ref()?.continues_behind(step)
    }

    fn part_committed(&mut self, index: usize, part: CommittedPart) {
        self.attempt.part_committed(&part);
        self.record_part(index, part);
    }

    fn row_committed(&mut self, _: usize) {
        self.attempt.row_committed();
    }

    fn statement_failed(&mut self, index: usize, number: usize) {
        self.attempt.statement_failed(index, number);
    }

    fn step_applied(&mut self, index: usize, _: &Step, elapsed: Duration) -> Result<Vec<Statement>, Refusal> {
        let is_last = index + 1 >= self.plan.steps.len();
        let held = self.held.as_ref();
        let proofs = held.map(|held| held.lock_proofs(is_last || self.attempt.commits_each_step())).unwrap_or_default();
        Ok(proofs.into_iter().chain(self.record_applied(index, elapsed)).collect())
    }

    fn step_unproven(&mut self, _: usize, _: &Step) -> Result<(), Refusal> {
        self.held.as_mut().map_or(Ok(()), |held| Err(held.lost_lock().into()))
    }

    fn step_finished(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<(), Refusal> {
        self.attempt.step_finished();
        self.record_end();
        self.attendant.event(Event::StepFinished { index, step, elapsed });
        self.around_step(HookPoint::AfterStep, index)
    }

    /// Without rows there may be no table either; every other change of them counts the rows that it meets.
    fn rows_in_hand(&self) -> Option<Vec<RevisionId>> {
        let held = self.held.as_ref().filter(|held| self.request.purge == Purge::Nothing && !held.rows.is_empty());
        held.map(|held| held.rows.clone())
    }

    fn connection(&mut self) -> Option<&mut Connection> {
        self.held.as_mut().map(|held| &mut held.connection)
    }

    fn lock_waiting(&mut self, wait: &LockWait) {
        self.attendant.event(Event::Waiting(wait));
    }

    fn unexpected_heads(&mut self, expected: &[RevisionId], found: &[RevisionId]) {
        self.attendant.event(Event::UnexpectedHeads { expected, found });
    }
}
