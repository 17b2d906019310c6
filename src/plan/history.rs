use std::borrow::Cow;

use super::target::Target;
use super::upgrade::{Scope, collect};
use crate::revision::{RevisionError, RevisionId, RevisionIndex, RevisionMap, Wording};

/// The ends of `history -r START:END`, `current` already replaced by rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RangeEnd {
    /// As typed; empty means `base` or `heads`.
    Symbol(String),
    /// `current`: the rows of the version table; none means `base` or `heads`.
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

impl Default for HistoryRange {
    /// The whole history.
    fn default() -> Self {
        Self { start: RangeEnd::Symbol(String::new()), end: RangeEnd::Symbol(String::new()) }
    }
}

/// Alembic's `walk_revisions(base, head)`: newest first.
///
/// # Errors
/// Alembic's, with the sentences of `history`; a downgrade-like start over several rows has no warning here.
pub fn history(map: &RevisionMap, range: &HistoryRange) -> Result<Vec<RevisionIndex>, RevisionError> {
    let start = range.start.target("base");
    let end = range.end.target("heads");
    let found = collect(map, end, start, Scope::Inclusive).and_then(|(wanted, targets)| map.sorted(&wanted, &targets));
    found.map_err(|error| error.worded(Wording::Range(&start.text(), &end.text())))
}

impl RangeEnd {
    fn target<'a>(&'a self, empty: &'a str) -> Target<'a> {
        match self {
            Self::Symbol(symbol) if symbol.is_empty() => Target::Symbol(empty),
            Self::Symbol(symbol) => Target::Symbol(symbol),
            Self::Rows(rows) if rows.is_empty() => Target::Symbol(empty),
            Self::Rows(rows) => Target::Rows(rows),
        }
    }
}

impl<'a> Target<'a> {
    /// As Alembic's sentences show it: rows are a Python tuple there.
    fn text(self) -> Cow<'a, str> {
        match self {
            Self::Symbol(symbol) => symbol.into(),
            Self::Rows([only]) => format!("({},)", quoted(only.as_str())).into(),
            Self::Rows(rows) => {
                let rows: Vec<String> = rows.iter().map(|row| quoted(row.as_str())).collect();
                format!("({})", rows.join(", ")).into()
            }
        }
    }
}

/// Python's `repr` of a string, as far as identifiers need it.
fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut quoted = String::from(quote);
    for character in text.chars() {
        match character {
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            same if same == quote => quoted.extend(['\\', same]),
            other => quoted.push(other),
        }
    }
    quoted.push(quote);
    quoted
}
