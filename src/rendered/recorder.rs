use std::path::Path;
use std::time::Duration;

use crate::database::{Connection, LockWait};
use crate::migrate::{Preparation, RecordedRun, RecordedStep, Refusal, RunTarget, Statement, Supervisor};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;

/// What was heard of one run of env.py.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// One for each `run_migrations()`.
    pub(crate) targets: Vec<RunTarget>,
    /// In the order of the plan.
    pub(crate) steps: Vec<RecordedStep>,
    /// `None` where env.py did not come to its end.
    pub(crate) run: Option<RecordedRun>,
}

impl Heard {
    /// What else than its steps a run did that was heard, so that the statements of the steps are not all of it: a sentence without a full stop.
    pub(crate) fn fault(&self, env_path: &Path) -> Option<String> {
        let ([target], Some(run)) = (self.targets.as_slice(), &self.run) else {
            return Some("env.py runs migrations more than once".to_owned());
        };
        if target.on_version_apply || target.in_transaction {
            return Some("env.py takes part in the steps: on_version_apply, or a transaction of its own".to_owned());
        }
        if let Some(elsewhere) = run.elsewhere.first() {
            let line = elsewhere.trim().lines().next().unwrap_or_default();
            return Some(format!("env.py sends statements of its own: {line}"));
        }
        // Those of an env.py that is understood are harmless.
        let is_env = |file: &str| Path::new(file).canonicalize().ok() == env_path.canonicalize().ok();
        if let Some(listener) = run.listeners.iter().find(|listener| !is_env(&listener.file)) {
            return Some(format!("{} listens to {} of SQLAlchemy", listener.file, listener.event));
        }
        run.hooks.first().map(|hook| format!("{} takes part in {}", hook.file, hook.event))
    }
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
