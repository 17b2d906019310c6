use thiserror::Error;

use crate::database::StatementError;
use crate::revision::RevisionId;
use crate::runtime::DatabaseFailure;

/// More of a statement than this helps nobody.
const EXCERPT: usize = 120;

/// A statement that the database refused.
#[derive(Debug, Error)]
#[error("{}{reason}{}", revision.as_ref().map(|revision| format!("revision {revision}: ")).unwrap_or_default(), self.place())]
pub struct NativeFailure {
    /// The revision whose statement it is; `None` before the first step and after the last.
    pub revision: Option<RevisionId>,
    /// Counted from 1, within the revision.
    pub number: Option<usize>,
    /// What the database said.
    pub reason: String,
    /// Where in the statement, counted in characters from 1.
    pub position: Option<u32>,
    /// Its code and the statement.
    pub database: DatabaseFailure,
}

impl NativeFailure {
    pub(super) fn new(error: StatementError, sql: &str) -> Self {
        let database = DatabaseFailure { code: error.code, statement: Some(sql.to_owned()), lost: error.lost };
        Self { revision: None, number: None, reason: error.reason, position: error.position, database }
    }

    pub(super) fn of_statement(self, revision: &RevisionId, index: usize) -> Self {
        Self { revision: Some(revision.clone()), number: Some(index + 1), ..self }
    }

    /// The code, the number, the line of the statement that it is about.
    fn place(&self) -> String {
        let code = self.database.code.as_deref().map(|code| format!(" [{code}]")).unwrap_or_default();
        let statement = self.database.statement.as_deref().unwrap_or_default().trim_start();
        let before: String = match self.position {
            Some(position) => statement.chars().take(position.saturating_sub(1) as usize).collect(),
            None => String::new(),
        };
        let line = statement.lines().nth(before.matches('\n').count()).unwrap_or(statement).trim();
        let mut excerpt: String = line.chars().take(EXCERPT).collect();
        if excerpt.len() < line.len() {
            excerpt.push('…');
        }
        let number = self.number.map(|number| format!(" {number}")).unwrap_or_default();
        format!("{code} in statement{number}: {excerpt}")
    }
}
