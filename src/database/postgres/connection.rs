use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};

use super::announced::announced_process;
use super::connect::{Connected, connect};
use super::settings::Settings;
use crate::database::untyped::Untyped;
use crate::database::version_table::NameLimit;
use crate::database::{Access, DatabaseError, DatabaseUrl, Environment, VersionTableName};
use crate::revision::RevisionId;

/// A connection to a PostgreSQL server. Only unnamed statements are sent, and no state of the session is relied on, so
/// that it works through a pooler in transaction mode.
#[derive(Debug)]
pub struct PostgresConnection {
    runtime: Runtime,
    /// `None` only while it is being closed.
    client: Option<Client>,
    task: Option<tokio::task::JoinHandle<()>>,
    /// Whether a backslash in a plain string escapes, as the server has said last.
    backslashes: Arc<AtomicBool>,
    database: String,
    access: Access,
}

/// SQLAlchemy's `has_table`: tables, partitioned and foreign ones, views and materialized views; without a schema any
/// that is visible on the search path but those of `pg_catalog`.
const HAS_TABLE: &str = "SELECT 1 FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relname = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND ";

impl PostgresConnection {
    pub(in crate::database) fn open(
        url: &DatabaseUrl,
        environment: &Environment,
        access: Access,
    ) -> Result<Self, DatabaseError> {
        let settings = Settings::of(url, environment)?;
        let runtime = Builder::new_current_thread().enable_io().enable_time().build().map_err(|error| {
            let reason = error.to_string();
            DatabaseError::Lost { database: settings.database.clone(), reason }
        })?;
        let Connected { client, task, backslashes } = runtime.block_on(connect(&settings))?;
        Ok(Self { runtime, client: Some(client), task: Some(task), backslashes, database: settings.database, access })
    }

    /// Whether a backslash in a plain string escapes (`standard_conforming_strings` is off), as the server has said last.
    pub(in crate::database) fn escapes_in_plain_strings(&self) -> bool {
        self.backslashes.load(Ordering::Relaxed)
    }

    pub(in crate::database) fn version_rows(
        &mut self,
        table: &VersionTableName,
    ) -> Result<Option<Vec<RevisionId>>, DatabaseError> {
        if !self.has_table(table)? {
            return Ok(None);
        }
        let rows = self.query(&format!("SELECT version_num::text FROM {}", table.quoted()), &[], table)?;
        let read = |row: &Row| match row.try_get::<_, Option<&str>>(0) {
            Ok(Some(text)) => Ok(RevisionId::from(text)),
            Ok(None) => Err(DatabaseError::NotAString { value: "None".to_owned() }),
            Err(error) => Err(self.error(&error, table)),
        };
        rows.iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    pub(in crate::database) fn has_table(&mut self, table: &VersionTableName) -> Result<bool, DatabaseError> {
        table.check(NameLimit::Postgres)?;
        let rows = match &table.schema {
            Some(schema) => self.query(&format!("{HAS_TABLE} n.nspname = $2"), &[&table.name, schema], table)?,
            None => {
                let visible = "pg_catalog.pg_table_is_visible(c.oid) AND n.nspname <> 'pg_catalog'";
                self.query(&format!("{HAS_TABLE} {visible}"), &[&table.name], table)?
            }
        };
        Ok(!rows.is_empty())
    }

    pub(in crate::database) fn begin(&mut self) -> Result<(), DatabaseError> {
        if self.access == Access::Read {
            return Err(DatabaseError::OpenedForReading { target: self.database.clone() });
        }
        self.end("BEGIN")
    }

    pub(in crate::database) fn end(&mut self, statement: &str) -> Result<(), DatabaseError> {
        let client = self.client()?;
        let done = self.runtime.block_on(client.batch_execute(statement));
        done.map_err(|error| self.error(&error, &VersionTableName::default()))
    }

    pub(in crate::database) fn execute(
        &mut self,
        sql: &str,
        parameters: &[&str],
        table: &VersionTableName,
    ) -> Result<u64, DatabaseError> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            parameters.iter().map(|value| (value as &(dyn ToSql + Sync), Type::TEXT)).collect();
        let done = self.runtime.block_on(self.client()?.execute_typed(sql, &typed));
        done.map_err(|error| self.error(&error, table))
    }

    /// As `execute`, with parameters of whatever type stands there.
    pub(in crate::database) fn execute_untyped(
        &mut self,
        sql: &str,
        parameters: &[Option<&str>],
    ) -> Result<u64, DatabaseError> {
        let values: Vec<Untyped<'_>> = parameters.iter().map(|value| Untyped(*value)).collect();
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            values.iter().map(|value| (value as &(dyn ToSql + Sync), Type::UNKNOWN)).collect();
        let done = self.runtime.block_on(self.client()?.execute_typed(sql, &typed));
        done.map_err(|error| self.error(&error, &VersionTableName::default()))
    }

    /// The first column of the first row as text; the statement has to cast it.
    pub(in crate::database) fn text(&self, sql: &str, parameters: &[&str]) -> Result<Option<String>, DatabaseError> {
        let rows = self.query(sql, parameters, &VersionTableName::default())?;
        let Some(row) = rows.first() else { return Ok(None) };
        row.try_get(0).map_err(|error| self.error(&error, &VersionTableName::default()))
    }

    /// The process of the server that the connection was announced to be served by.
    pub(in crate::database) fn announced_process(&self) -> Option<i32> {
        self.runtime.block_on(announced_process(self.client.as_ref()?))
    }

    /// Whether another process serves the connection than the one that was announced: something is in between.
    pub(in crate::database) fn is_behind_pooler(&self) -> Result<bool, DatabaseError> {
        let serving = self.text("SELECT pg_catalog.pg_backend_pid()::text", &[])?;
        Ok(self.announced_process().map(|process| process.to_string()) != serving)
    }

    /// The database's name.
    pub(in crate::database) fn database(&self) -> &str {
        &self.database
    }

    /// All rows; the statement has to cast every column to text.
    pub(in crate::database) fn texts(
        &self,
        sql: &str,
        parameters: &[&str],
    ) -> Result<Vec<Vec<Option<String>>>, DatabaseError> {
        let table = VersionTableName::default();
        let rows = self.query(sql, parameters, &table)?;
        let texts = |row: &Row| (0..row.len()).map(|column| row.try_get(column)).collect::<Result<_, _>>();
        rows.iter().map(texts).collect::<Result<_, _>>().map_err(|error| self.error(&error, &table))
    }

    /// By an unnamed statement, prepared, bound and run in one message.
    pub(super) fn query(
        &self,
        sql: &str,
        parameters: &[&str],
        table: &VersionTableName,
    ) -> Result<Vec<Row>, DatabaseError> {
        let typed: Vec<(&(dyn ToSql + Sync), Type)> =
            parameters.iter().map(|value| (value as &(dyn ToSql + Sync), Type::TEXT)).collect();
        let rows = self.runtime.block_on(self.client()?.query_typed(sql, &typed));
        rows.map_err(|error| self.error(&error, table))
    }

    pub(super) fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub(super) fn client(&self) -> Result<&Client, DatabaseError> {
        self.client
            .as_ref()
            .ok_or_else(|| DatabaseError::Lost { database: self.database.clone(), reason: "it was closed".to_owned() })
    }

    pub(super) fn access(&self) -> Access {
        self.access
    }

    pub(super) fn error(&self, error: &tokio_postgres::Error, table: &VersionTableName) -> DatabaseError {
        let database = self.database.clone();
        let Some(said) = error.as_db_error() else {
            let cause = std::error::Error::source(error).map(|cause| format!(": {cause}")).unwrap_or_default();
            return DatabaseError::Lost { database, reason: format!("{error}{cause}") };
        };
        let detail = said.detail().map(|detail| format!(" ({detail})")).unwrap_or_default();
        let reason = format!("{}{detail}", said.message());
        match said.code() {
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => DatabaseError::Permission { database, reason },
            code if *code == SqlState::INVALID_SCHEMA_NAME => {
                DatabaseError::NoSchema { table: table.to_string(), database, reason }
            }
            code if *code == SqlState::ADMIN_SHUTDOWN || *code == SqlState::CRASH_SHUTDOWN => {
                DatabaseError::Lost { database, reason }
            }
            code => DatabaseError::Server { database, code: code.code().to_owned(), reason },
        }
    }
}

impl Drop for PostgresConnection {
    /// Says goodbye to the server: without it the message would stay in the buffer of a runtime that is gone.
    fn drop(&mut self) {
        drop(self.client.take());
        if let Some(task) = self.task.take() {
            let _ = self.runtime.block_on(async { tokio::time::timeout(Duration::from_millis(500), task).await });
        }
    }
}
