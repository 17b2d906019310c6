use thiserror::Error;

use super::StatementPlace;
use crate::database::StatementError;
use crate::revision::RevisionId;
use crate::runtime::DatabaseFailure;

/// More of a statement than this helps nobody.
const EXCERPT: usize = 120;

/// A statement that the database refused.
#[derive(Debug, Error)]
#[error("{}{reason}{}", revision.as_ref().map(|revision| format!("revision {revision}: ")).unwrap_or_default(), self.whereabouts())]
pub struct NativeFailure {
    /// The revision whose statement it is; `None` before the first step and after the last.
    pub revision: Option<RevisionId>,
    /// Where the statement is written, if that is a file.
    pub place: Option<StatementPlace>,
    /// Counted from 1, within the revision.
    pub number: Option<usize>,
    /// What the database said.
    pub reason: String,
    /// Where in the statement, counted in characters from 1.
    pub position: Option<u32>,
    /// Its code and the statement.
    pub database: DatabaseFailure,
    /// Whether Python sent it, by a connection of env.py.
    pub by_python: bool,
}

impl NativeFailure {
    pub(super) fn new(error: StatementError, sql: &str) -> Self {
        let database = DatabaseFailure {
            code: error.code,
            statement: Some(sql.to_owned()),
            lost: error.lost,
            ..DatabaseFailure::default()
        };
        let (reason, position) = (error.reason, error.position);
        Self { revision: None, place: None, number: None, reason, position, database, by_python: false }
    }

    pub(super) fn of_statement(self, revision: &RevisionId, index: usize, place: Option<StatementPlace>) -> Self {
        Self { revision: Some(revision.clone()), number: Some(index + 1), place, ..self }
    }

    /// What may be done about it, where that can be told from what the database said.
    pub fn hint(&self) -> Option<&'static str> {
        // PostgreSQL's active_sql_transaction; SQLite has no code for it.
        const OUTSIDE: &str = "25001";
        let is_outside = self.database.code.as_deref() == Some(OUTSIDE)
            || self.reason.contains("from within a transaction")
            || self.reason.contains("inside a transaction");
        if is_outside {
            return Some("write `-- limbec: no-transaction` before the first statement of the file");
        }
        let lacks = !self.by_python && self.reason.contains("no such function");
        lacks.then_some("limbec's SQLite has not all functions of Python's: `sql-revisions = \"python\"` in the settings has Python run it")
    }

    /// The code, the file with the line, the number, and the line of the statement that it is about.
    fn whereabouts(&self) -> String {
        let code = self.database.code.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
        let statement = self.database.statement.as_deref().unwrap_or_default().trim_start();
        let before: String = match self.position {
            Some(position) => statement.chars().take(position.saturating_sub(1) as usize).collect(),
            None => String::new(),
        };
        let lines_before = before.matches('\n').count();
        let line = statement.lines().nth(lines_before).unwrap_or(statement).trim();
        let mut excerpt: String = line.chars().take(EXCERPT).collect();
        if excerpt.len() < line.len() {
            excerpt.push('…');
        }
        let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
        let file = self.place.as_ref().map(|at| format!(" {}:{},", at.path.display(), at.line + lines_before));
        let excerpt = if excerpt.is_empty() { excerpt } else { format!(": {excerpt}") };
        format!("{code} in{} statement{number}{excerpt}", file.unwrap_or_default())
    }
}
