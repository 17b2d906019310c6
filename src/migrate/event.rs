use std::path::Path;
use std::time::Duration;

use super::{LeftBehind, Remainder};
use crate::config::HookPoint;
use crate::database::{LockWait, LockingSession};
use crate::plan::{Plan, Step};
use crate::revision::RevisionId;

/// What happens while a plan runs, for whoever shows it.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another runner holds the lock and is waited for.
    Waiting(&'a LockWait),
    /// The plan for one version table is known and about to run; its gates are passed.
    Planned(&'a Plan),
    /// A step begins; it counts from 0.
    StepStarted {
        /// Position in the plan.
        index: usize,
        /// The step.
        step: &'a Step,
    },
    /// A step's script and its change of the version table are done (and committed, where each revision has its own transaction).
    StepFinished {
        /// Position in the plan.
        index: usize,
        /// The step.
        step: &'a Step,
        /// Wall time of the step.
        elapsed: Duration,
    },
    /// The version table does not hold what the plan leads to: a script or another process changed it. Alembic does not
    /// look, and scripts that write rows of their own exist, so that this is nothing to undo a run for.
    UnexpectedHeads {
        /// Ids after the last step of the plan, sorted.
        expected: &'a [RevisionId],
        /// Ids read after the run, sorted.
        found: &'a [RevisionId],
    },
    /// A statement waited for a lock in vain; these hold locks on the tables that it names, the oldest transaction first.
    Locked(&'a [LockingSession]),
    /// The database does not answer and is waited for (`wait-for-db`); told once.
    DatabaseAway {
        /// What it, or the driver, said.
        reason: &'a str,
        /// After which waiting ends.
        limit: Duration,
    },
    /// The connection was lost in the middle of a run; what the version table holds now, if it could be asked.
    ConnectionLost(Option<&'a Remainder>),
    /// Indexes that failed concurrent builds have left behind, each told once.
    InvalidIndexes(&'a [LeftBehind]),
    /// A run failed for another transaction's sake, was rolled back, and is tried again.
    Retrying {
        /// What the database said.
        reason: &'a str,
        /// Which retry this is, from 1.
        attempt: u32,
        /// How many there may be.
        of: u32,
        /// How long it pauses first.
        pause: Duration,
    },
    /// Everything has run.
    Finished {
        /// How many steps.
        steps: usize,
        /// Wall time from the lock on.
        elapsed: Duration,
    },
    /// A backup was made before a plan that destroys data.
    BackedUp(&'a Path),
    /// A command of the project's settings has run.
    HookFinished {
        /// When.
        point: HookPoint,
        /// Its program.
        program: &'a str,
        /// Wall time.
        elapsed: Duration,
        /// What it printed, its end at least.
        output: &'a str,
    },
    /// A sentence that a person should see.
    Warning(&'a str),
    /// A sentence that a person may like to see.
    Note(&'a str),
    /// A sentence for whoever wants to know more (`-v`).
    Detail(&'a str),
}
