use std::time::Duration;

use crate::gate::GateError;
use crate::migrate::MigrateError;
use crate::revision::RevisionId;
use crate::runtime::RuntimeError;

/// What became of a tenant.
#[derive(Debug)]
pub struct TenantOutcome {
    /// How many steps were done.
    pub steps: usize,
    /// Wall time, the wait for its lock included.
    pub elapsed: Duration,
    /// The revision that was running when it failed, if one was.
    pub revision: Option<RevisionId>,
    /// Why it failed.
    pub error: Option<MigrateError>,
    /// What Python printed meanwhile, its end at least; empty unless it failed.
    pub output: String,
}

impl TenantOutcome {
    /// Whether Ctrl-C ended it, and nothing of it is left but what was committed before.
    pub fn is_interrupted(&self) -> bool {
        matches!(
            self.error,
            Some(MigrateError::Runtime(RuntimeError::Interrupted) | MigrateError::Gate(GateError::Interrupted))
        )
    }
}

/// What happens during a fleet run; the index is the assignment's.
#[derive(Debug)]
pub enum FleetEvent {
    /// A worker took a tenant.
    Started {
        /// Which.
        index: usize,
    },
    /// A step begins.
    Step {
        /// Of which tenant.
        index: usize,
        /// From 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The revision.
        revision: RevisionId,
    },
    /// A sentence for those who want to know more.
    Note {
        /// About which tenant.
        index: usize,
        /// The sentence.
        sentence: String,
    },
    /// A sentence that a person should see.
    Warning {
        /// About which tenant.
        index: usize,
        /// The sentence.
        sentence: String,
    },
    /// The project keeps the URL or the schema of the first tenant that a Python serves: from here on each tenant gets one of its own.
    FreshPythons {
        /// Which tenant it was found out by.
        index: usize,
    },
    /// A tenant is done, or has failed.
    Finished {
        /// Which.
        index: usize,
        /// How.
        outcome: TenantOutcome,
    },
}
