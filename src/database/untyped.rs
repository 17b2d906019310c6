use std::error::Error;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};

use super::connection::{Connection, Transaction};
use super::error::DatabaseError;

/// A value that PostgreSQL reads as whatever type stands there, as it reads a literal in quotes.
#[derive(Debug)]
pub(super) struct Untyped<'a>(pub(super) Option<&'a str>);

impl ToSql for Untyped<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    tokio_postgres::types::to_sql_checked!();
}

impl Transaction<'_> {
    /// Runs one statement of somebody's own, with parameters (`$1` on PostgreSQL, `?1` on SQLite) of whatever type stands there; how many
    /// rows it changed.
    ///
    /// # Errors
    /// The database refuses it, or does not answer.
    pub fn change_untyped(&mut self, sql: &str, parameters: &[Option<&str>]) -> Result<u64, DatabaseError> {
        match self.connection() {
            Connection::Postgres(connection) => connection.execute_untyped(sql, parameters),
            Connection::Sqlite(connection) => connection.execute_optional(sql, parameters),
        }
    }
}
