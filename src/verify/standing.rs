//! How far a step came, by what is there of it.

use std::collections::BTreeSet;

use super::unread::is_unread;
use super::{AppliedSchema, Subject};
use crate::catalogue::{Deviation, Drift};
use crate::operation::{Dialect, OperationKind};
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
        let is_seen = is_seen_in_schema(subject, index, after.contains(revision));
        match (done.is_empty(), missing.is_empty()) {
            (true, true) => Self::Unknown,
            // Rows and objects that are not compared may be missing all the same.
            (false, true) if !is_seen => Self::Unknown,
            (false, true) => Self::Wholly,
            // With rows first and an autocommit block after them, rows may be there without the rest. pysqlite rolls them back.
            (true, false) if !is_seen && subject.dialect() != Dialect::Sqlite => Self::Unknown,
            (true, false) => Self::NotAtAll,
            (false, false) => Self::Partly { done, missing },
        }
    }
}

/// Whether all that a step does can be seen in the schema: no rows, no views, no grants.
fn is_seen_in_schema(subject: &Subject<'_>, revision: RevisionIndex, is_upgrade: bool) -> bool {
    let Some(read) = subject.files.get(revision) else { return false };
    let body = if is_upgrade { &read.operations.upgrade } else { &read.operations.downgrade };
    body.operations.iter().all(|operation| {
        matches!(
            operation.kind,
            OperationKind::CreateTable(_)
                | OperationKind::DropTable { .. }
                | OperationKind::RenameTable { .. }
                | OperationKind::AddColumn { .. }
                | OperationKind::DropColumn { .. }
                | OperationKind::AlterColumn(_)
                | OperationKind::CreateIndex { .. }
                | OperationKind::DropIndex { .. }
                | OperationKind::CreateConstraint { .. }
                | OperationKind::DropConstraint { .. }
                | OperationKind::CreateEnum { .. }
                | OperationKind::DropEnum { .. }
                | OperationKind::AddEnumValue { .. }
                | OperationKind::Read { .. }
                | OperationKind::Transaction(_)
        )
    })
}

fn key(deviation: &Deviation) -> String {
    format!("{} {}", deviation.object, deviation.name)
}
