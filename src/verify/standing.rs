//! How far a step came, by what is there of it.

use std::collections::BTreeSet;

use super::unread::is_unread;
use super::{AppliedSchema, Subject};
use crate::catalogue::{Deviation, Drift};
use crate::revision::{RevisionId, RevisionIndex};

/// What is there of the objects that a step makes, drops and changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of it has happened.
    Wholly,
    /// Nothing of it has happened.
    NotAtAll,
    /// Some of it has.
    Partly {
        /// What is as after the step.
        done: Vec<String>,
        /// What is not.
        missing: Vec<String>,
    },
    /// The schema does not tell: the step changes rows alone, or something that limbec cannot read.
    Unknown,
}

impl Standing {
    /// Compares the live schema with what is expected before and after a step. What differs from both has other reasons.
    pub fn of(
        subject: &Subject<'_>,
        applied: &AppliedSchema,
        revision: &RevisionId,
        (before, after): (&[RevisionId], &[RevisionId]),
    ) -> Self {
        let map = &subject.scripts.map;
        let Some(index) = map.position(revision.as_str()) else { return Self::Unknown };
        if is_unread(subject, index) {
            return Self::Unknown;
        }
        let deviations = |heads: &[RevisionId]| -> BTreeSet<String> {
            let heads: Vec<RevisionIndex> = heads.iter().filter_map(|id| map.position(id.as_str())).collect();
            let expected = applied.history.at(map, &heads);
            let drift = Drift::between(&expected, &applied.catalogue, subject.dialect());
            drift.found.iter().chain(&drift.likely).map(key).collect()
        };
        let (from_before, from_after) = (deviations(before), deviations(after));
        // What is not as before is done; what is not as after is missing.
        let done: Vec<String> = from_before.difference(&from_after).cloned().collect();
        let missing: Vec<String> = from_after.difference(&from_before).cloned().collect();
        match (done.is_empty(), missing.is_empty()) {
            (true, true) => Self::Unknown,
            (false, true) => Self::Wholly,
            (true, false) => Self::NotAtAll,
            (false, false) => Self::Partly { done, missing },
        }
    }
}

fn key(deviation: &Deviation) -> String {
    format!("{} {}", deviation.object, deviation.name)
}
