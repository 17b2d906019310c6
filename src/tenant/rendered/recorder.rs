use std::time::Duration;

use crate::database::{Connection, LockWait};
use crate::migrate::{Preparation, RecordedRun, RecordedStep, Refusal, RunTarget, Statement, Supervisor};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;

/// What was heard of one run of env.py.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// One for each `run_migrations()`.
    pub(super) targets: Vec<RunTarget>,
    /// In the order of the plan.
    pub(super) steps: Vec<RecordedStep>,
    /// `None` where env.py did not come to its end.
    pub(super) run: Option<RecordedRun>,
}

/// A supervisor that listens, and leaves everything to another.
pub(crate) struct Recorder<'a> {
    inner: &'a mut dyn Supervisor,
    heard: &'a mut Heard,
}

impl<'a> Recorder<'a> {
    /// What was heard of an earlier attempt is forgotten.
    pub(crate) fn new(inner: &'a mut dyn Supervisor, heard: &'a mut Heard) -> Self {
        *heard = Heard::default();
        Self { inner, heard }
    }
}

impl Supervisor for Recorder<'_> {
    fn begin(&mut self, target: &RunTarget) -> Result<Preparation, Refusal> {
        self.heard.targets.push(target.clone());
        self.inner.begin(target)
    }

    fn plan(&mut self, rows: &[RevisionId], target: &RunTarget) -> Result<Plan, Refusal> {
        self.inner.plan(rows, target)
    }

    fn step_started(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        self.inner.step_started(index, step)
    }

    fn step_committed(&mut self, index: usize) {
        self.inner.step_committed(index);
    }

    fn step_applied(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<Vec<Statement>, Refusal> {
        self.inner.step_applied(index, step, elapsed)
    }

    fn step_unproven(&mut self, index: usize, step: &Step) -> Result<(), Refusal> {
        self.inner.step_unproven(index, step)
    }

    fn step_recorded(&mut self, index: usize, recorded: RecordedStep) {
        // Steps come in their order; one that is missing makes the number of them wrong.
        if index == self.heard.steps.len() {
            self.heard.steps.push(recorded);
        }
    }

    fn run_recorded(&mut self, recorded: RecordedRun) {
        self.heard.run = Some(recorded);
    }

    fn connection(&mut self) -> Option<&mut Connection> {
        self.inner.connection()
    }

    fn lock_waiting(&mut self, wait: &LockWait) {
        self.inner.lock_waiting(wait);
    }

    fn step_finished(&mut self, index: usize, step: &Step, elapsed: Duration) -> Result<(), Refusal> {
        self.inner.step_finished(index, step, elapsed)
    }

    fn unexpected_heads(&mut self, expected: &[RevisionId], found: &[RevisionId]) {
        self.inner.unexpected_heads(expected, found);
    }
}
