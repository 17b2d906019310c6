use std::collections::BTreeMap;

use super::{HistoryDirection, HistoryEntry, Outcome};
use crate::revision::{RevisionId, RevisionMap};

/// What the history knows of the revisions that are applied: for each, the row that made it so.
///
/// Which revisions are applied is for the version table to say: plain Alembic and people change it without a row here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LatestRecords(BTreeMap<RevisionId, Record>);

/// The latest row of a revision that was upgraded to, stamped or adopted, and not undone since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The row.
    pub entry: HistoryEntry,
}

impl Record {
    /// Whether limbec ran its script; otherwise it was stamped or adopted.
    pub fn was_run(&self) -> bool {
        self.entry.direction == HistoryDirection::Upgrade && self.entry.outcome == Outcome::Done
    }
}

impl LatestRecords {
    /// Reads the rows of one version table, oldest first.
    pub fn of(entries: Vec<HistoryEntry>, map: &RevisionMap) -> Self {
        let mut records = BTreeMap::new();
        for entry in entries {
            let id = entry.revision.clone();
            match (entry.outcome, entry.direction) {
                (Outcome::Adopted, _) | (Outcome::Done, HistoryDirection::Upgrade) => {
                    records.insert(id, Record { entry });
                }
                (Outcome::Done, HistoryDirection::Downgrade | HistoryDirection::Purge) => {
                    records.remove(&id);
                }
                (Outcome::Done, HistoryDirection::Stamp) => {
                    forget_what_is_not_below(&mut records, &entry.to_heads, map);
                    if entry.to_heads.contains(&id) {
                        records.entry(id).or_insert(Record { entry });
                    }
                }
                _ => {}
            }
        }
        Self(records)
    }

    /// What is known of a revision.
    pub fn get(&self, id: &RevisionId) -> Option<&Record> {
        self.0.get(id)
    }

    /// Everything that is known.
    pub fn iter(&self) -> impl Iterator<Item = (&RevisionId, &Record)> {
        self.0.iter()
    }
}

/// A stamp takes back, without a downgrade, whatever the new heads do not imply. What heads without a file imply cannot be told.
fn forget_what_is_not_below(records: &mut BTreeMap<RevisionId, Record>, heads: &[RevisionId], map: &RevisionMap) {
    if heads.iter().any(|head| map.position(head.as_str()).is_none()) {
        return;
    }
    let applied = map.applied(heads);
    records.retain(|id, _| map.position(id.as_str()).is_none_or(|index| applied.contains(&index)));
}
