use std::cell::Cell;
use std::pin::pin;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::PostgresConnection;
use crate::database::StatementError;

/// How often somebody who waits for a statement is asked whether it is to end.
const TICK: Duration = Duration::from_millis(100);

impl PostgresConnection {
    pub(in crate::database) fn run_text(&self, sql: &str, is_interrupted: fn() -> bool) -> Result<(), StatementError> {
        let client = self.client().map_err(|error| StatementError::lost(error.to_string()))?;
        let done = self.runtime().block_on(watched(client, client.batch_execute(sql), is_interrupted));
        done.map_err(|error| StatementError::of(&error))
    }

    /// One message for all, which costs one round trip.
    pub(in crate::database) fn run_batch(
        &self,
        statements: &[String],
        is_interrupted: fn() -> bool,
    ) -> Result<(), (usize, StatementError)> {
        let client = self.client().map_err(|error| (0, StatementError::lost(error.to_string())))?;
        let text = statements.join(BETWEEN);
        let done = Cell::new(0);
        let counted = counted(client, &text, &done);
        let outcome = self.runtime().block_on(watched(client, counted, is_interrupted));
        outcome.map_err(|error| {
            let error = StatementError::of(&error);
            match error.position.and_then(|position| placed(statements, position)) {
                Some((index, position)) => (index, StatementError { position: Some(position), ..error }),
                None => (done.get().min(statements.len().saturating_sub(1)), error),
            }
        })
    }

    /// A transaction block began with an earlier message; without one, this message is its own beginning. (`tokio-postgres` keeps the status
    /// that the server sends with every answer to itself.)
    pub(in crate::database) fn is_in_transaction(&self) -> Result<bool, StatementError> {
        const STATUS: &str = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";
        let client = self.client().map_err(|error| StatementError::lost(error.to_string()))?;
        match self.runtime().block_on(client.simple_query(STATUS)) {
            Ok(messages) => Ok(messages.iter().any(
                |message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0).is_some_and(|value| value == "t")),
            )),
            Err(error) if error.code() == Some(&SqlState::IN_FAILED_SQL_TRANSACTION) => Ok(true),
            Err(error) => Err(StatementError::of(&error)),
        }
    }

    pub(in crate::database) fn gives_row(&self, sql: &str, values: &[Option<String>]) -> Result<bool, StatementError> {
        let client = self.client().map_err(|error| StatementError::lost(error.to_string()))?;
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::TEXT)).collect();
        let rows = self.runtime().block_on(client.query_typed(sql, &typed));
        rows.map(|rows| !rows.is_empty()).map_err(|error| StatementError::of(&error))
    }
}

/// A statement may end with a comment, which its line ends.
const BETWEEN: &str = "\n;\n";

/// Runs a text of several statements, and counts those that are done.
async fn counted(client: &Client, text: &str, done: &Cell<usize>) -> Result<(), tokio_postgres::Error> {
    let mut messages = pin!(client.simple_query_raw(text).await?);
    while let Some(message) = messages.try_next().await? {
        if matches!(message, SimpleQueryMessage::CommandComplete(_)) {
            done.set(done.get() + 1);
        }
    }
    Ok(())
}

/// The statement that a position in the joined text is in, and where in it; both positions count characters from 1.
fn placed(statements: &[String], position: u32) -> Option<(usize, u32)> {
    let mut rest = position;
    for (index, statement) in statements.iter().enumerate() {
        let length = u32::try_from(statement.chars().count()).ok()?;
        if rest <= length {
            return Some((index, rest));
        }
        rest = rest.checked_sub(length + BETWEEN.len() as u32)?;
    }
    None
}

async fn watched(
    client: &Client,
    sent: impl Future<Output = Result<(), tokio_postgres::Error>>,
    is_interrupted: fn() -> bool,
) -> Result<(), tokio_postgres::Error> {
    let mut done = pin!(sent);
    loop {
        if let Ok(done) = tokio::time::timeout(TICK, &mut done).await {
            return done;
        }
        if is_interrupted() {
            // As libpq's own, without TLS: the request has nothing in it but the key of this session.
            let _ = client.cancel_token().cancel_query(NoTls).await;
        }
    }
}

impl StatementError {
    fn lost(reason: String) -> Self {
        Self { reason, lost: true, ..Self::default() }
    }

    fn of(error: &tokio_postgres::Error) -> Self {
        let Some(said) = error.as_db_error() else {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return Self { lost: error.is_closed(), ..Self::lost(format!("{error}{cause}")) };
        };
        let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        let position = match said.position() {
            Some(ErrorPosition::Original(position)) => Some(*position),
            _ => None,
        };
        Self {
            code: Some(said.code().code().to_owned()),
            reason: format!("{}{detail}", said.message()),
            position,
            lost: [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN].contains(said.code()),
        }
    }
}
