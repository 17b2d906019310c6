use thiserror::Error;

use serde::{Deserialize, Serialize};

use crate::revision::RevisionId;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Runs `upgrade()`.
    Upgrade,
    /// Runs `downgrade()`.
    Downgrade,
    /// Changes the version table alone.
    Stamp,
}

impl Direction {
    /// The command of this name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Stamp => "stamp",
        }
    }
}

/// One statement on the version table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadChange {
    /// `INSERT`
    Insert(RevisionId),
    /// `DELETE`, one row expected.
    Delete(RevisionId),
    /// `UPDATE`, one row expected.
    Update {
        /// The row's value before.
        from: RevisionId,
        /// The row's value after.
        to: RevisionId,
    },
}

/// One revision going up or down, or one stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The revision whose script runs; for a stamp the destination (for a stamp to base: the row deleted).
    pub revision: RevisionId,
    /// What is done with it.
    pub direction: Direction,
    /// Rows of the version table before, sorted.
    pub from_heads: Vec<RevisionId>,
    /// Rows of the version table after, sorted.
    pub to_heads: Vec<RevisionId>,
    /// The statements that lead from one to the other, in order.
    pub changes: Vec<HeadChange>,
    /// For a stamp: Alembic's `StampStep` arguments, needed to hand the step to env.py. `None` otherwise.
    pub stamp: Option<StampStep>,
}

impl Step {
    /// The step for scripts; docs/json.md has its shape.
    pub fn summary(&self) -> StepSummary<'_> {
        StepSummary {
            revision: self.revision.as_str(),
            direction: self.direction.name(),
            from_heads: self.from_heads.iter().map(RevisionId::as_str).collect(),
            to_heads: self.to_heads.iter().map(RevisionId::as_str).collect(),
        }
    }
}

/// What every JSON form says of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepSummary<'a> {
    /// The revision.
    pub revision: &'a str,
    /// `upgrade`, `downgrade` or `stamp`
    pub direction: &'static str,
    /// Rows of the version table before, sorted.
    pub from_heads: Vec<&'a str>,
    /// Rows of the version table after, sorted.
    pub to_heads: Vec<&'a str>,
}

/// The arguments of Alembic's `StampStep`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampStep {
    /// `from_`
    pub from: Vec<RevisionId>,
    /// `to_`
    pub to: Vec<RevisionId>,
    /// `is_upgrade`
    pub is_upgrade: bool,
    /// `branch_move`
    pub branch_move: bool,
}

/// The steps that would run, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In the order of execution.
    pub steps: Vec<Step>,
    /// What Alembic says as a `UserWarning` while it plans.
    pub warnings: Vec<PlanWarning>,
}

/// Alembic's `UserWarning`s of planning; `Display` is its sentence.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanWarning {
    /// `downgrade -N` with several rows: the first one returned by the database counts.
    #[error("downgrade -1 from multiple heads is ambiguous; this usage will be disallowed in a future release.")]
    AmbiguousRelativeDowngrade,
}

/// What one transaction spans, where the dialect has transactional DDL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionMode {
    /// One revision: a failure undoes that revision alone (Alembic's `transaction_per_migration`).
    PerRevision,
    /// The whole run, Alembic's default: a failure undoes everything.
    PerRun,
}
