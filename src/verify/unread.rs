//! What applied revisions do that limbec cannot read: SQL that is put together at run time, helpers of the application.

use super::Subject;
use crate::catalogue::Deviation;
use crate::operation::{Dialect, NotAnalysed};
use crate::revision::{RevisionId, RevisionIndex};

/// The applied revisions that do something unknown.
pub(super) struct Unread(Vec<UnreadRevision>);

struct UnreadRevision {
    revision: RevisionIndex,
    /// What is called, and why it is not understood.
    call: String,
    /// The source: whatever it works on is named there, unless it is sweeping.
    text: String,
    /// It may work on tables that it does not name.
    is_sweeping: bool,
}

/// Whether a revision does something in its upgrade or its downgrade that limbec cannot read.
pub(super) fn is_unread(subject: &Subject<'_>, revision: RevisionIndex) -> bool {
    let Some(read) = subject.files.get(revision) else { return true };
    let calls = read.operations.upgrade.not_analysed.iter().chain(&read.operations.downgrade.not_analysed);
    calls.into_iter().any(|call| is_unknown(call, subject.dialect()))
}

fn is_unknown(call: &NotAnalysed, dialect: Dialect) -> bool {
    !call.is_partly_known && call.dialects.contains(dialect)
}

/// What goes through tables without naming them.
const SWEEPING: [&str; 7] =
    ["get_table_names", ".reflect(", "sorted_tables", "pg_tables", "information_schema", "sqlite_master", "create_all"];

impl Unread {
    pub(super) fn of(subject: &Subject<'_>, rows: &[RevisionId]) -> Self {
        let dialect = subject.dialect();
        let is_unread = |call: &&NotAnalysed| is_unknown(call, dialect);
        let unread = subject.scripts.map.applied(rows).into_iter().filter_map(|revision| {
            let read = subject.files.get(revision)?;
            let call = read.operations.upgrade.not_analysed.iter().find(is_unread)?;
            let text = read.file.text().to_owned();
            let is_sweeping = SWEEPING.iter().any(|word| text.contains(word));
            let call = format!("`{}`: {}", call.what, call.reason);
            Some(UnreadRevision { revision, call, text, is_sweeping })
        });
        Self(unread.collect())
    }

    /// Whether nothing of it can have to do with a deviation: it was there before, or speaks of other tables.
    pub(super) fn is_free_of(&self, subject: &Subject<'_>, deviation: &Deviation) -> bool {
        let name = deviation.table.as_ref().map_or(deviation.name.as_str(), |table| table.name.as_str());
        self.0.iter().all(|unread| {
            let is_older = deviation
                .made_by
                .is_some_and(|by| by != unread.revision && subject.scripts.map.is_ancestor(unread.revision, by));
            is_older || !unread.is_sweeping && !names(&unread.text, name)
        })
    }

    /// Whose fault it is.
    pub(super) fn reason(&self, subject: &Subject<'_>) -> String {
        let id = |unread: &UnreadRevision| &subject.scripts.map.revision(unread.revision).id;
        match self.0.as_slice() {
            [] => "a revision does something to these tables that limbec cannot read".to_owned(),
            [only] => format!("limbec cannot read what revision {} does ({})", id(only), only.call),
            [first, others @ ..] => {
                format!("limbec cannot read what revision {} ({}) and {} more do", id(first), first.call, others.len())
            }
        }
    }
}

/// Whether a name stands in a text as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty()
        && text.match_indices(name).any(|(start, found)| {
            let before = text.get(..start).and_then(|text| text.chars().next_back());
            let after = text.get(start + found.len()..).and_then(|text| text.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(is_part)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_whole_word() {
        assert!(names("helper(\"dag\")", "dag"));
        assert!(names("UPDATE dag SET x = 1", "dag"));
        assert!(!names("dag_run, serialized_dag", "dag"));
        assert!(names("dag_run, dag", "dag"));
        assert!(!names("anything", ""));
    }
}
