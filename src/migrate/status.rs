//! How a database stands to the revision files: what is applied, what is not, and what no file knows.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::database::{LatestRecords, Record};
use crate::plan::{HistoryRange, RangeEnd, history};
use crate::revision::{RevisionError, RevisionId, RevisionIndex, RevisionMap};

/// How one revision stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevisionState {
    /// The version table implies it, or the history knows that it ran where the version table's row has no file.
    Applied,
    /// It has not run.
    Pending,
    /// The history has it as applied, but no file does.
    Missing,
    /// Either a row of the version table that neither a file nor the history knows, or a revision of which such a row leaves open
    /// whether it is applied.
    Unknown,
}

impl RevisionState {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// One revision, from a file or from the database alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionStanding {
    /// Which.
    pub revision: RevisionId,
    /// Its file, if it has one.
    pub index: Option<RevisionIndex>,
    /// How it stands.
    pub state: RevisionState,
    /// What the history knows of it.
    pub record: Option<Record>,
}

impl RevisionStanding {
    /// When its script ran, where limbec ran it.
    pub fn applied_at(&self) -> Option<DateTime<Utc>> {
        self.run()?.entry.finished_at
    }

    /// How long that took.
    pub fn duration_ms(&self) -> Option<i64> {
        self.run()?.entry.duration_ms
    }

    fn run(&self) -> Option<&Record> {
        self.record.as_ref().filter(|record| record.was_run())
    }
}

/// How a database stands to the revision files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Those of files oldest first, then what no file has.
    pub revisions: Vec<RevisionStanding>,
    /// Whether a row of the version table has no file: the database is ahead of the code.
    pub is_ahead: bool,
}

impl Standing {
    /// Compares rows of a version table, and what the history knows, with the files.
    ///
    /// # Errors
    /// A graph that cannot be put in order.
    pub fn of(map: &RevisionMap, rows: &[RevisionId], records: &LatestRecords) -> Result<Self, RevisionError> {
        let everything = HistoryRange { start: RangeEnd::Symbol(String::new()), end: RangeEnd::Symbol(String::new()) };
        let mut order = history(map, &everything)?;
        order.reverse();
        let implied: BTreeSet<RevisionIndex> = map.applied(rows).into_iter().collect();
        let is_unknown = |id: &RevisionId| map.position(id.as_str()).is_none();
        let is_ahead = rows.iter().any(is_unknown);
        let of_file = |index: RevisionIndex| {
            let revision = map.revision(index).id.clone();
            let record = records.get(&revision).cloned();
            let state = match (implied.contains(&index), is_ahead) {
                (true, _) => RevisionState::Applied,
                (false, true) if record.is_some() => RevisionState::Applied,
                (false, true) => RevisionState::Unknown,
                (false, false) => RevisionState::Pending,
            };
            let record = record.filter(|_| state == RevisionState::Applied);
            RevisionStanding { revision, index: Some(index), state, record }
        };
        let mut revisions: Vec<RevisionStanding> = order.into_iter().map(of_file).collect();
        let mut without_file: BTreeSet<RevisionId> = rows.iter().filter(|id| is_unknown(id)).cloned().collect();
        without_file.extend(records.iter().map(|(id, _)| id).filter(|id| is_unknown(id)).cloned());
        revisions.extend(without_file.into_iter().map(|revision| {
            let record = records.get(&revision).cloned();
            let state = if record.is_some() { RevisionState::Missing } else { RevisionState::Unknown };
            RevisionStanding { revision, index: None, state, record }
        }));
        Ok(Self { revisions, is_ahead })
    }

    /// How many revisions stand like this.
    pub fn count(&self, state: RevisionState) -> usize {
        self.revisions.iter().filter(|standing| standing.state == state).count()
    }

    /// How many revisions have a file.
    pub fn files(&self) -> usize {
        self.revisions.iter().filter(|standing| standing.index.is_some()).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::Revision;

    fn map() -> RevisionMap {
        let revision = |id: &str, down: &[&str], depends_on: &[&str]| Revision {
            id: id.into(),
            down: down.iter().map(|id| RevisionId::from(*id)).collect(),
            depends_on: depends_on.iter().map(|id| (*id).to_owned()).collect(),
            branch_labels: Vec::new(),
        };
        let revisions = vec![
            revision("a", &[], &[]),
            revision("b", &["a"], &[]),
            revision("x", &[], &["b"]),
            revision("c", &["b"], &[]),
        ];
        RevisionMap::build(revisions).unwrap()
    }

    fn states(rows: &[&str]) -> (String, bool) {
        let rows: Vec<RevisionId> = rows.iter().map(|row| RevisionId::from(*row)).collect();
        let standing = Standing::of(&map(), &rows, &LatestRecords::default()).unwrap();
        let mut texts: Vec<String> =
            standing.revisions.iter().map(|standing| format!("{}:{:?}", standing.revision, standing.state)).collect();
        texts.sort();
        (texts.join(" "), standing.is_ahead)
    }

    #[test]
    fn what_the_rows_imply_is_applied() {
        assert_eq!(states(&[]), ("a:Pending b:Pending c:Pending x:Pending".to_owned(), false));
        assert_eq!(states(&["b"]), ("a:Applied b:Applied c:Pending x:Pending".to_owned(), false));
        assert_eq!(states(&["x"]), ("a:Applied b:Applied c:Pending x:Applied".to_owned(), false), "by its dependency");
    }

    #[test]
    fn a_row_without_a_file_leaves_the_others_open() {
        assert_eq!(states(&["z"]), ("a:Unknown b:Unknown c:Unknown x:Unknown z:Unknown".to_owned(), true));
        assert_eq!(states(&["b", "z"]), ("a:Applied b:Applied c:Unknown x:Unknown z:Unknown".to_owned(), true));
    }
}
