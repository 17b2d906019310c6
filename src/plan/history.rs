use crate::revision::{RevisionError, RevisionId, RevisionIndex, RevisionMap};

/// The ends of `history -r START:END`, `current` already replaced by rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeEnd {
    /// As typed; empty means `base` or `heads`.
    Symbol(String),
    /// `current`: the rows of the version table.
    Rows(Vec<RevisionId>),
}

/// A parsed range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRange {
    /// Inclusive.
    pub start: RangeEnd,
    /// Inclusive.
    pub end: RangeEnd,
}

/// Alembic's `walk_revisions(base, head)`: newest first.
#[expect(unused_variables)]
pub fn history(map: &RevisionMap, range: &HistoryRange) -> Result<Vec<RevisionIndex>, RevisionError> {
    todo!()
}
