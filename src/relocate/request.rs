use std::time::Duration;

use crate::database::{HistoryTable, LOCK_TABLE};

use super::copy::PROGRESS_TABLE;

/// What goes where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The schema that it is in.
    pub from: String,
    /// The schema that it shall be in.
    pub to: String,
    /// These tables alone; empty: everything.
    pub tables: Vec<String>,
    /// Schema of limbec's lock rows and of the record of a copy.
    pub own_schema: String,
    /// limbec's history, whose rows name the version table.
    pub history: HistoryTable,
    /// How long a table that somebody uses is waited for; `None`: as the server has it.
    pub lock_timeout: Option<Duration>,
}

impl Request {
    /// What a transaction begins with.
    pub(super) fn limits(&self) -> String {
        self.lock_timeout.map(|limit| format!("SET LOCAL lock_timeout = {}", limit.as_millis())).unwrap_or_default()
    }

    /// What never moves: the lock rows of the run itself, and the record of it.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.own_schema == self.from && [LOCK_TABLE, PROGRESS_TABLE].contains(&name)
    }
}
