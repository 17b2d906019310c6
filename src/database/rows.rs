use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use super::connection::Connection;
use super::error::DatabaseError;

impl Connection {
    /// The rows of a query of somebody's own, each as a JSON object by the names of its columns.
    ///
    /// PostgreSQL: whatever it has as JSON (`row_to_json`), so that arrays are lists. SQLite: texts, numbers and nulls; a BLOB is none of
    /// these and refused.
    ///
    /// # Errors
    /// It is no query, the database refuses it, or does not answer.
    pub fn rows_as_json(&mut self, query: &str) -> Result<Vec<String>, DatabaseError> {
        let query = query.trim().trim_end_matches(';');
        match self {
            // The line break ends a comment.
            Self::Postgres(_) => {
                self.first_column(&format!("SELECT pg_catalog.row_to_json(rows)::text FROM ({query}\n) AS rows"), &[])
            }
            Self::Sqlite(connection) => connection.rows(query, &row_of),
        }
    }
}

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<String> {
    let mut columns = Map::new();
    for (index, name) in row.as_ref().column_names().enumerate() {
        let value = match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Real(number) => Value::from(number),
            value @ (ValueRef::Text(_) | ValueRef::Blob(_)) => Value::from(value.as_str()?),
        };
        columns.insert(name.to_owned(), value);
    }
    Ok(Value::Object(columns).to_string())
}
