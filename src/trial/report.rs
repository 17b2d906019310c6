use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::SampleTenant;
use crate::revision::RevisionId;

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// There is one head.
    SingleHead,
    /// The common database of the tenants is migrated.
    Common,
    /// `upgrade heads` works on an empty database.
    Upgrade,
    /// A revision can be undone, leaves nothing behind, and can be done again.
    UpDownUp,
    /// Rows are still there afterwards.
    Data,
    /// Models and schema agree.
    Models,
    /// The project's own test of a tenant passes.
    Smoke,
}

impl CheckName {
    /// The name in every form of the result.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SingleHead => "single-head",
            Self::Common => "common",
            Self::Upgrade => "upgrade",
            Self::UpDownUp => "up-down-up",
            Self::Data => "data",
            Self::Models => "models",
            Self::Smoke => "smoke",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Passed,
    /// What is wrong, a sentence for each thing.
    Failed(Vec<String>),
    /// Why it could not be told.
    Skipped(String),
}

/// One check, of one revision or of the whole history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// On which sample tenant; `None`: on no tenant.
    pub tenant: Option<String>,
    /// Of which revision; `None`: of the history.
    pub revision: Option<RevisionId>,
    /// The revision's file.
    pub path: Option<PathBuf>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether an earlier run of the same files found it.
    pub is_cached: bool,
    /// How long it took; nothing for what an earlier run found.
    pub elapsed: Duration,
}

impl Check {
    /// A check of the whole history.
    pub fn of_history(name: CheckName, outcome: Outcome) -> Self {
        Self { name, tenant: None, revision: None, path: None, outcome, is_cached: false, elapsed: Duration::ZERO }
    }

    /// A check of one tenant.
    pub fn of_tenant(name: CheckName, tenant: &SampleTenant, outcome: Outcome) -> Self {
        Self { tenant: Some(tenant.name.clone()), ..Self::of_history(name, outcome) }
    }
}

/// All checks of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrialReport {
    /// In the order of running.
    pub checks: Vec<Check>,
    /// How many steps were run, up and down.
    pub steps: usize,
    /// How many runs of env.py that took.
    pub env_runs: usize,
    /// How many revisions the snapshot had that the run began with.
    pub restored: usize,
    /// Sentences that a person should see.
    pub warnings: Vec<String>,
}

impl TrialReport {
    /// How many checks ended so.
    pub fn count(&self, of: fn(&Outcome) -> bool) -> usize {
        self.checks.iter().filter(|check| of(&check.outcome)).count()
    }

    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        !self.checks.iter().any(|check| check.outcome.is_failed())
    }
}

impl Outcome {
    /// As it should be.
    pub fn is_passed(&self) -> bool {
        *self == Self::Passed
    }

    /// Something is wrong.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// It could not be told.
    pub fn is_skipped(&self) -> bool {
        matches!(self, Self::Skipped(_))
    }
}
