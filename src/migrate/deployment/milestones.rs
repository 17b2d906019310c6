//! What a deployment does before the first step, around each step and at the end: hooks and the closing event.

use super::hooks::{self, HookError, HookFacts};
use super::{Deployment, Event};
use crate::config::HookPoint;
use crate::database::{DatabaseUrl, Dialect};
use crate::migrate::{MigrateError, Operation, Refusal, RunTarget};

/// Where a plan is run, in words without secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Destination {
    database: Option<String>,
    version_table: Option<String>,
}

impl Destination {
    pub(super) fn of(target: &RunTarget) -> Self {
        let url = target.url.as_deref().and_then(|url| DatabaseUrl::parse(url).ok());
        Self { database: url.map(|url| url.obfuscated()), version_table: Some(target.table().to_string()) }
    }
}

impl Deployment<'_> {
    /// The plan's gates are passed and nothing has run.
    pub(super) fn before_all(&mut self) -> Result<(), MigrateError> {
        // A retry plans anew; the hooks have run already.
        if !self.prepared.insert(self.destination.clone()) {
            return Ok(());
        }
        match self.request.operation {
            Operation::Upgrade { .. } => self.run_hooks(HookPoint::BeforeUpgrade, None, None)?,
            Operation::Downgrade { .. } => self.run_hooks(HookPoint::BeforeDowngrade, None, None)?,
            Operation::Stamp { .. } => {}
        }
        Ok(())
    }

    /// Hooks of a step, counted from 0; none for stamps.
    pub(super) fn around_step(&mut self, point: HookPoint, index: usize) -> Result<(), Refusal> {
        if matches!(self.request.operation, Operation::Stamp { .. }) {
            return Ok(());
        }
        Ok(self.run_hooks(point, Some(index + 1), None).map_err(MigrateError::from)?)
    }

    /// The end of a run: what it came to is told to the hooks, whose own failure comes after that of the run.
    pub(super) fn conclude(&mut self, outcome: Result<(), MigrateError>) -> Result<(), MigrateError> {
        match outcome {
            Ok(()) => {
                let (steps, elapsed) = (self.plan.steps.len(), self.began.elapsed());
                if steps == 0 {
                    return Ok(());
                }
                self.attendant.event(Event::Finished { steps, elapsed });
                match self.request.operation {
                    Operation::Upgrade { .. } => self.run_hooks(HookPoint::AfterUpgrade, None, None)?,
                    Operation::Downgrade { .. } => self.run_hooks(HookPoint::AfterDowngrade, None, None)?,
                    Operation::Stamp { .. } => {}
                }
                Ok(())
            }
            Err(failure) => {
                self.tell_torn();
                if let Err(error) =
                    self.run_hooks(HookPoint::OnFailure, None, Some(self.censored(&failure.to_string())))
                {
                    self.attendant.event(Event::Warning(&error.to_string()));
                }
                Err(failure)
            }
        }
    }

    /// What the failed step did is not undone where the database, or the step itself, has committed it.
    fn tell_torn(&mut self) {
        let Some(torn) = self.attempt.torn() else { return };
        let is_sqlite = self.held.as_ref().is_some_and(|held| held.url.dialect() == Dialect::Sqlite);
        let part = match self.attempt.committed() {
            0 => format!("a part of revision {torn} is"),
            1 => format!("the first statement of revision {torn} is"),
            number => format!("the first {number} statements of revision {torn} are"),
        };
        let is_known = self.attempt.committed() > 0 && self.held.is_some() && self.is_recorded();
        let then = if is_known {
            "the next run asks for `limbec repair` first, which can have it go on behind that".to_owned()
        } else if is_sqlite && self.attempt.committed() == 0 {
            "look at it (`limbec verify`) before you run it again; with `--transaction per-revision` SQLite undoes a revision that fails".to_owned()
        } else {
            "look at it (`limbec verify`) before you run it again".to_owned()
        };
        let sentence = format!("{part} committed already, while the version table does not have it: {then}");
        self.attendant.event(Event::Warning(&sentence));
    }

    fn censored(&self, text: &str) -> String {
        self.held.as_ref().map_or_else(|| text.to_owned(), |held| held.url.censored(text))
    }

    fn run_hooks(&mut self, point: HookPoint, step: Option<usize>, error: Option<String>) -> Result<(), HookError> {
        let settings = &self.request.options.hooks;
        if settings.is_empty() {
            return Ok(());
        }
        let Destination { database, version_table } = self.destination.clone();
        let backup = self.backup_path();
        let facts = HookFacts { database, version_table, step, backup, error, ..HookFacts::of(&self.plan) };
        hooks::run(settings, point, &facts, self.attendant)
    }
}
