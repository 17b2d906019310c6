use std::sync::mpsc;
use std::time::Duration;

use rusqlite::{ErrorCode, OptionalExtension};

use super::super::quote_identifier;
use super::super::sqlite::SqliteConnection;
use super::{Count, Counted, TableFacts, beyond};

pub(super) struct Asked<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) time: Duration,
}

impl Asked<'_> {
    pub(super) fn table(&self, schema: Option<&str>, table: &str, limit: u64) -> Option<TableFacts> {
        let (schema, table) = match self.locate(schema, table) {
            Ok(found) => found?,
            Err(reason) => return Some(TableFacts { rows: Count::Unknown(reason), bytes: None }),
        };
        let rows = beyond(self.count(&schema, &table, "", limit), self.estimate(&schema, &table));
        Some(TableFacts { rows, bytes: self.bytes(&schema, &table) })
    }

    pub(super) fn column(&self, schema: Option<&str>, table: &str, column: &str, limit: u64) -> Option<Count> {
        let (schema, table) = match self.locate(schema, table) {
            Ok(found) => found?,
            Err(reason) => return Some(Count::Unknown(reason)),
        };
        let has_column = "SELECT 1 FROM pragma_table_xinfo(?1, ?2) WHERE name = ?3 COLLATE NOCASE";
        match self.first::<i64>(has_column, &[&table, &schema, column]) {
            Ok(found) => found?,
            Err(reason) => return Some(Count::Unknown(reason)),
        };
        // Qualified: a name in double quotes that is no column would be taken for a text.
        let condition = format!(" WHERE t.{} IS NOT NULL", quote_identifier(column));
        Some(beyond(self.count(&schema, &table, &condition, limit), None))
    }

    pub(super) fn tables_of(&self, schema: Option<&str>) -> Option<Vec<String>> {
        let sql = "SELECT name FROM pragma_table_list \
            WHERE schema = ?1 AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1";
        let read = |connection: &rusqlite::Connection| {
            let mut statement = connection.prepare(sql)?;
            statement.query_map([schema.unwrap_or("main")], |row| row.get(0))?.collect()
        };
        self.guarded(read).ok().map(Option::unwrap_or_default)
    }

    /// Schema and name of a table as the database writes them.
    fn locate(&self, schema: Option<&str>, table: &str) -> Result<Option<(String, String)>, String> {
        let sql = "SELECT schema, name FROM pragma_table_list \
            WHERE name = ?1 COLLATE NOCASE AND schema = coalesce(?2, schema) AND type IN ('table', 'virtual', 'shadow') \
            ORDER BY schema <> 'main'";
        let found = self.guarded(|connection| {
            connection.query_row(sql, (table, schema), |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })?;
        Ok(found.flatten())
    }

    fn count(&self, schema: &str, table: &str, condition: &str, limit: u64) -> Counted {
        let name = format!("{}.{}", quote_identifier(schema), quote_identifier(table));
        let sql = format!("SELECT count(*) FROM (SELECT 1 FROM {name} AS t{condition} LIMIT {})", limit + 1);
        match self.first::<i64>(&sql, &[]) {
            Ok(Some(number)) => Counted::of(number.unsigned_abs(), limit),
            Ok(None) => Counted::Not("it was not counted".to_owned()),
            Err(reason) => Counted::Not(reason),
        }
    }

    /// What ANALYZE wrote down, if it ever ran.
    fn estimate(&self, schema: &str, table: &str) -> Option<u64> {
        let sql = format!("SELECT stat FROM {}.sqlite_stat1 WHERE tbl = ?1", quote_identifier(schema));
        let stat: String = self.first(&sql, &[table]).ok()??;
        stat.split(' ').next()?.parse().ok()
    }

    /// Pages of the table and its indexes.
    fn bytes(&self, schema: &str, table: &str) -> Option<u64> {
        let sql = format!(
            "SELECT sum(pgsize) FROM dbstat WHERE schema = ?1 AND aggregate = TRUE \
             AND name IN (SELECT name FROM {}.sqlite_schema WHERE tbl_name = ?2 COLLATE NOCASE)",
            quote_identifier(schema)
        );
        let bytes: Option<i64> = self.first(&sql, &[schema, table]).ok()?;
        bytes.map(i64::unsigned_abs)
    }

    fn first<T: rusqlite::types::FromSql>(&self, sql: &str, parameters: &[&str]) -> Result<Option<T>, String> {
        let found = self.guarded(|connection| {
            let values = rusqlite::params_from_iter(parameters);
            connection.query_row(sql, values, |row| row.get::<_, Option<T>>(0)).optional()
        })?;
        Ok(found.flatten().flatten())
    }

    /// Runs a read that is interrupted in time. `None`: there is no file.
    fn guarded<T>(&self, read: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T>) -> Result<Option<T>, String> {
        let Some(connection) = self.connection.inner() else { return Ok(None) };
        if self.time.is_zero() {
            return Err("there was no time left".to_owned());
        }
        let handle = connection.get_interrupt_handle();
        let (done, is_done) = mpsc::channel::<()>();
        let time = self.time;
        let answer = std::thread::scope(|scope| {
            scope.spawn(move || {
                if is_done.recv_timeout(time) == Err(mpsc::RecvTimeoutError::Timeout) {
                    handle.interrupt();
                }
            });
            let answer = read(connection);
            drop(done);
            answer
        });
        answer.map(Some).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => "counting took too long".to_owned(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "the database is locked by another connection".to_owned()
            }
            _ => error.to_string(),
        })
    }
}
