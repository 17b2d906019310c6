use chrono::{DateTime, Utc};

use super::entry::in_utc;
use super::{HistoryDirection, Outcome};
use crate::revision::RevisionId;

/// Which rows are wanted: those that everything given applies to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of the rows of this revision.
    pub revision: Option<RevisionId>,
    /// With one of these outcomes; none given: with any.
    pub outcomes: Vec<Outcome>,
    /// In this direction.
    pub direction: Option<HistoryDirection>,
    /// Begun at this time or later.
    pub since: Option<DateTime<Utc>>,
    /// Of what remains, only the newest.
    pub limit: Option<u32>,
}

impl HistoryFilter {
    /// The rows of runs that are under way, or were killed.
    pub fn open() -> Self {
        Self { outcomes: Outcome::ALL.into_iter().filter(|outcome| outcome.is_open()).collect(), ..Self::default() }
    }

    /// Conditions on the columns, with the parameters that they add to those given. `time` makes a time of a parameter.
    pub(super) fn conditions(&self, parameters: &mut Vec<String>, time: impl Fn(&str) -> String) -> String {
        let mut conditions = String::new();
        let mut parameter = |value: String| {
            parameters.push(value);
            format!("${}", parameters.len())
        };
        if let Some(revision) = &self.revision {
            conditions.push_str(&format!(" AND revision = {}", parameter(revision.to_string())));
        }
        if let Some(direction) = self.direction {
            conditions.push_str(&format!(" AND direction = {}", parameter(direction.to_string())));
        }
        if let Some(since) = self.since {
            conditions.push_str(&format!(" AND started_at >= {}", time(&parameter(in_utc(since)))));
        }
        if !self.outcomes.is_empty() {
            let outcomes: Vec<String> = self.outcomes.iter().map(|outcome| parameter(outcome.to_string())).collect();
            conditions.push_str(&format!(" AND outcome IN ({})", outcomes.join(", ")));
        }
        conditions
    }
}
