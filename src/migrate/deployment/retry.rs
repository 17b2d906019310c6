//! Which failures are another transaction's doing, and trying again after them.

use std::collections::HashMap;
use std::time::Duration;

use super::Deployment;
use super::backoff::Backoff;
use super::limits;
use crate::database::CommittedPart;
use crate::migrate::{Event, MigrateError, RunTarget};
use crate::plan::Step;
use crate::revision::RevisionId;
use crate::runtime::{self, DatabaseFailure, RuntimeError};

/// A second is time enough for a short transaction to end, and half a minute for most others.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(30) };

/// Why a run failed that would have succeeded alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contention {
    LockTimeout,
    Deadlock,
    Serialization,
    Busy,
}

impl Contention {
    /// By PostgreSQL's SQLSTATE, SQLite's name or MySQL's number.
    fn of(code: &str) -> Option<Self> {
        Some(match code {
            "55P03" | "1205" => Self::LockTimeout,
            "40P01" | "1213" => Self::Deadlock,
            "40001" => Self::Serialization,
            // With its extended codes: SQLITE_BUSY_SNAPSHOT …
            code if code.starts_with("SQLITE_BUSY") || code.starts_with("SQLITE_LOCKED") => Self::Busy,
            _ => return None,
        })
    }

    fn sentence(self) -> &'static str {
        match self {
            Self::LockTimeout => "a lock was not to be had in time",
            Self::Deadlock => "the database ended a deadlock",
            Self::Serialization => "another transaction changed the same rows",
            Self::Busy => "another connection is writing to the database",
        }
    }
}

/// What is known of the attempt that is running.
#[derive(Debug, Default)]
pub(super) struct Attempt {
    /// Whether env.py has got as far as its first `run_migrations()`.
    pub(super) has_begun: bool,
    /// Retries since a step was last committed.
    retries: u32,
    /// The rows that each version table (URL, schema, name) was last seen with.
    rows: HashMap<(Option<String>, Option<String>, String), Vec<RevisionId>>,
    /// Whether every step has a transaction of its own.
    commits_each_step: bool,
    /// The step that is running, or was the last to run.
    step: Option<RevisionId>,
    /// The step that is committed in part while its row of the version table is not.
    torn: Option<RevisionId>,
    /// How many statements of it.
    committed: u64,
    /// The statement of an SQL file that Python ran and that failed: the step in the plan, the number from 1.
    failed: Option<(usize, usize)>,
}

impl Attempt {
    /// A `run_migrations()` begins.
    pub(super) fn begun(&mut self, target: &RunTarget) {
        let separate = target.transaction_per_migration || !target.transactional_ddl;
        self.commits_each_step = separate && !target.in_transaction;
        self.torn = None;
        self.failed = None;
        self.has_begun = true;
    }

    /// The heads were read. If they are others than at the last attempt, that got further, and retries count anew.
    pub(super) fn planned(&mut self, rows: &[RevisionId], target: &RunTarget) {
        let table = (target.url.clone(), target.version_table_schema.clone(), target.version_table.clone());
        let before = self.rows.insert(table, rows.to_vec());
        if before.is_some_and(|before| before != rows) {
            self.retries = 0;
        }
    }

    /// Whether every step has a transaction of its own.
    pub(super) fn commits_each_step(&self) -> bool {
        self.commits_each_step
    }

    /// The step that is committed in part while its row of the version table is not.
    pub(super) fn torn(&self) -> Option<&RevisionId> {
        self.torn.as_ref()
    }

    pub(super) fn step_started(&mut self, step: &Step) {
        self.step = Some(step.revision.clone());
        self.committed = 0;
    }

    /// So many statements of the step are committed.
    pub(super) fn part_committed(&mut self, part: &CommittedPart) {
        self.torn.clone_from(&self.step);
        self.committed = part.statements;
    }

    /// How many statements are committed of the step that is; 0: that is not known.
    pub(super) fn committed(&self) -> u64 {
        self.committed
    }

    pub(super) fn statement_failed(&mut self, index: usize, number: usize) {
        self.failed = Some((index, number));
    }

    /// The statement of an SQL file that Python ran and that failed: the step in the plan, the number from 1.
    pub(super) fn failed(&self) -> Option<(usize, usize)> {
        self.failed
    }

    pub(super) fn step_committed(&mut self) {
        self.torn = self.step.clone();
    }

    pub(super) fn step_finished(&mut self) {
        if self.commits_each_step {
            self.row_committed();
        }
    }

    /// The step is committed with its row.
    pub(super) fn row_committed(&mut self) {
        self.torn = None;
        self.committed = 0;
    }
}

impl Deployment<'_> {
    /// Prepares another attempt after one that failed: everything of it is rolled back and its connection closed by now.
    ///
    /// # Errors
    /// The failure itself, if there is to be no other attempt; the lock was lost during the pause; the heads cannot be read.
    pub(super) fn recover(&mut self, error: MigrateError) -> Result<(), MigrateError> {
        if self.waits_for_connection(&error) {
            return Ok(());
        }
        self.tell_what_is_committed(&error);
        self.tell_invalid_indexes(&self.plan.clone());
        let Some(failure) = database_failure(&error) else { return Err(error) };
        let Some(contention) = failure.code.as_deref().and_then(Contention::of) else { return Err(error) };
        let statement = failure.statement.clone().unwrap_or_default();
        if contention == Contention::LockTimeout {
            self.tell_who_locks(&statement);
        }
        let of = limits::retries(self.request.options);
        if of == 0 {
            return Err(error);
        }
        if self.attempt.torn.is_some() || self.attempt.retries >= of {
            return Err(error);
        }
        self.attempt.retries += 1;
        let attempt = self.attempt.retries;
        let pause = BACKOFF.pause(attempt, fastrand::f64());
        self.attendant.event(Event::Retrying { reason: contention.sentence(), attempt, of, pause });
        runtime::pause(pause);
        if let Some(held) = &mut self.held {
            held.check_lock()?;
            held.read_again(&self.request)?;
        }
        Ok(())
    }

    /// The lock that was waited for is gone by now; who holds locks on the same tables still is the best that can be said.
    fn tell_who_locks(&mut self, statement: &str) {
        let Some(held) = &mut self.held else { return };
        // It only explains another failure: a database that does not tell has no say in it.
        let sessions = held.connection.locking_sessions(statement).unwrap_or_default();
        if !sessions.is_empty() {
            self.attendant.event(Event::Locked(&sessions));
        }
    }
}

fn database_failure(error: &MigrateError) -> Option<&DatabaseFailure> {
    match error {
        MigrateError::Runtime(RuntimeError::Python(failure)) => failure.database.as_ref(),
        MigrateError::Native(failure) => Some(&failure.database),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_did_is_tried_again() {
        for code in ["55P03", "40P01", "40001", "SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "1205", "1213"] {
            assert!(Contention::of(code).is_some(), "{code}");
        }
        for code in
            ["57014", "57P01", "08006", "23505", "42P07", "25P02", "SQLITE_ERROR", "SQLITE_CONSTRAINT", "1062", ""]
        {
            assert_eq!(Contention::of(code), None, "{code}");
        }
    }

    #[test]
    fn a_torn_step_stays_torn_until_its_row_is_committed() {
        let step = Step {
            revision: "a1".into(),
            direction: crate::plan::Direction::Upgrade,
            from_heads: Vec::new(),
            to_heads: Vec::new(),
            changes: Vec::new(),
            stamp: None,
        };
        for (separate, outside, torn) in [(true, false, false), (false, false, true), (true, true, true)] {
            let mut attempt = Attempt::default();
            let target = RunTarget {
                transactional_ddl: true,
                transaction_per_migration: separate,
                in_transaction: outside,
                ..RunTarget::default()
            };
            attempt.begun(&target);
            attempt.step_started(&step);
            attempt.step_committed();
            attempt.step_finished();
            assert_eq!(attempt.torn.is_some(), torn, "{target:?}");
            attempt.begun(&target);
            assert_eq!(attempt.torn, None);
        }
    }
}
