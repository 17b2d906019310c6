use thiserror::Error;

use crate::plan::{HistoryRange, RangeEnd};
use crate::revision::RevisionId;

/// `START:END` as `history -r` takes it, before `current` is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypedRange {
    start: String,
    end: String,
}

/// Why a text is no range.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum RangeError {
    /// Alembic's sentence.
    #[error("History range requires [start]:[end], [start]:, or :[end]")]
    NoColon,
    /// The text; Alembic dies of a `ValueError`.
    #[error("a range has one colon, and '{0}' has several")]
    SeveralColons(String),
}

impl TypedRange {
    /// Splits a range; an end that is not given is empty, and nothing at all is the whole history.
    ///
    /// # Errors
    /// A text without a colon, or with several.
    pub(super) fn parse(typed: Option<&str>) -> Result<Self, RangeError> {
        let Some(typed) = typed else { return Ok(Self { start: String::new(), end: String::new() }) };
        let (start, end) = typed.trim().split_once(':').ok_or(RangeError::NoColon)?;
        if end.contains(':') {
            return Err(RangeError::SeveralColons(typed.to_owned()));
        }
        Ok(Self { start: start.to_owned(), end: end.to_owned() })
    }

    /// The end as typed; empty where it is open.
    pub(super) fn end(&self) -> &str {
        &self.end
    }

    /// Whether an end is `current`, so that a database has to be asked.
    pub(super) fn needs_rows(&self) -> bool {
        self.start == "current" || self.end == "current"
    }

    /// The range with the rows of the version table in the place of `current`.
    ///
    /// Only one end can be `current`: of two, Alembic looks for a revision of that name.
    pub(super) fn with_rows(&self, rows: &[RevisionId]) -> HistoryRange {
        let symbol = |text: &str| RangeEnd::Symbol(text.to_owned());
        if self.end == "current" {
            HistoryRange { start: symbol(&self.start), end: rows_or_nothing(rows) }
        } else if self.start == "current" {
            HistoryRange { start: rows_or_nothing(rows), end: symbol(&self.end) }
        } else {
            HistoryRange { start: symbol(&self.start), end: symbol(&self.end) }
        }
    }
}

/// An empty version table leaves the end open: everything, up to all heads.
fn rows_or_nothing(rows: &[RevisionId]) -> RangeEnd {
    if rows.is_empty() { RangeEnd::Symbol(String::new()) } else { RangeEnd::Rows(rows.to_vec()) }
}
