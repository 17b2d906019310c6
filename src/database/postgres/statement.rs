use std::pin::pin;
use std::time::Duration;

use tokio_postgres::error::{ErrorPosition, SqlState};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls};

use super::PostgresConnection;
use crate::database::StatementError;

/// How often somebody who waits for a statement is asked whether it is to end.
const TICK: Duration = Duration::from_millis(100);

impl PostgresConnection {
    pub(in crate::database) fn run_text(
        &self,
        sql: &str,
        is_interrupted: &dyn Fn() -> bool,
    ) -> Result<(), StatementError> {
        let client = self.client().map_err(|error| StatementError::lost(error.to_string()))?;
        let done = self.runtime().block_on(watched(client, sql, is_interrupted));
        done.map_err(|error| StatementError::of(&error))
    }

    pub(in crate::database) fn gives_row(&self, sql: &str, values: &[Option<String>]) -> Result<bool, StatementError> {
        let client = self.client().map_err(|error| StatementError::lost(error.to_string()))?;
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::TEXT)).collect();
        let rows = self.runtime().block_on(client.query_typed(sql, &typed));
        rows.map(|rows| !rows.is_empty()).map_err(|error| StatementError::of(&error))
    }
}

async fn watched(client: &Client, sql: &str, is_interrupted: &dyn Fn() -> bool) -> Result<(), tokio_postgres::Error> {
    let mut done = pin!(client.batch_execute(sql));
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
