use crate::plan::{self, Plan};
use crate::revision::{RevisionError, RevisionId, RevisionMap};

/// What the user asked for, before it is known what the database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Up to a target.
    Upgrade {
        /// As typed.
        target: String,
    },
    /// Down to a target.
    Downgrade {
        /// As typed.
        target: String,
    },
    /// The version table alone.
    Stamp {
        /// As typed.
        targets: Vec<String>,
    },
}

impl Operation {
    /// The plan that leads from the rows of the version table to what was asked for.
    ///
    /// # Errors
    /// What Alembic says of an unknown row, target or walk.
    pub fn plan(&self, map: &RevisionMap, rows: &[RevisionId]) -> Result<Plan, RevisionError> {
        match self {
            Self::Upgrade { target } => plan::upgrade(map, rows, target),
            Self::Downgrade { target } => plan::downgrade(map, rows, target),
            Self::Stamp { targets } => plan::stamp(map, rows, targets),
        }
    }
}
