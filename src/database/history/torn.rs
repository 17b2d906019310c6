use std::collections::{BTreeMap, HashSet};

use super::{HistoryDirection, HistoryEntry, Outcome};
use crate::revision::{RevisionId, RevisionMap};

/// The steps of which a part is committed although they are not done: for each revision its last row, if that says so and the version table
/// does not say that it is done all the same. Rows are given oldest first.
pub(super) fn of_last_rows<'e>(
    entries: &'e [HistoryEntry],
    rows: &[RevisionId],
    map: &RevisionMap,
) -> Vec<&'e HistoryEntry> {
    let mut last = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.outcome != Outcome::Planned) {
        match entry.direction {
            HistoryDirection::Upgrade | HistoryDirection::Downgrade => drop(last.insert(&entry.revision, entry)),
            // Somebody has said where the database is.
            HistoryDirection::Stamp | HistoryDirection::Purge => {}
        }
    }
    let applied: HashSet<&RevisionId> = map.applied(rows).into_iter().map(|index| &map.revision(index).id).collect();
    let is_due = |entry: &&HistoryEntry| {
        let is_applied = applied.contains(&entry.revision);
        entry.committed().is_some() && is_applied == (entry.direction == HistoryDirection::Downgrade)
    };
    let mut torn: Vec<&HistoryEntry> = last.into_values().filter(is_due).collect();
    torn.sort_by_key(|entry| entry.id);
    torn
}

impl HistoryEntry {
    /// The steps of which a part is committed and nobody has said yet how to go on.
    pub fn torn<'e>(entries: &'e [Self], rows: &[RevisionId], map: &RevisionMap) -> Vec<&'e Self> {
        let mut torn = of_last_rows(entries, rows, map);
        torn.retain(|entry| matches!(entry.outcome, Outcome::Failed | Outcome::RolledBack));
        torn
    }

    /// The steps of which a part is committed and somebody has said that they go on behind it.
    pub fn continued<'e>(entries: &'e [Self], rows: &[RevisionId], map: &RevisionMap) -> Vec<&'e Self> {
        let mut continued = of_last_rows(entries, rows, map);
        continued.retain(|entry| entry.outcome == Outcome::Interrupted);
        continued
    }
}
