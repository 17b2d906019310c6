use super::connection::{Connection, Transaction};
use super::error::DatabaseError;
use super::postgres::TAKE_TURNS;

impl Connection {
    /// Has the whole SQLite file for a moment, which nobody else may be using then. On PostgreSQL nothing.
    ///
    /// # Errors
    /// Somebody is.
    pub fn run_exclusively(&mut self) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(connection) => connection.end("BEGIN EXCLUSIVE; ROLLBACK"),
        }
    }
}

impl Transaction<'_> {
    /// One at a time makes limbec's own tables in a PostgreSQL database, until the transaction ends.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn take_turns(&mut self) -> Result<(), DatabaseError> {
        if let Connection::Postgres(_) = self.connection() {
            self.first_column(TAKE_TURNS, &[])?;
        }
        Ok(())
    }

    /// A mark on the transaction, by which it is told from another one: scripts may end the one that they are run in.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn mark(&mut self) -> Result<String, DatabaseError> {
        let mark = uuid::Uuid::new_v4().to_string();
        if let Connection::Postgres(_) = self.connection() {
            self.first_column("SELECT pg_catalog.set_config('limbec.transaction', $1, true)", &[&mark])?;
        }
        Ok(mark)
    }

    /// Whether it is still the same transaction.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn has_mark(&mut self, mark: &str) -> Result<bool, DatabaseError> {
        match self.connection() {
            Connection::Postgres(_) => {
                let sql = "SELECT pg_catalog.current_setting('limbec.transaction', true)";
                Ok(self.first_column(sql, &[])?.first().is_some_and(|found| found == mark))
            }
            Connection::Sqlite(connection) => Ok(!connection.is_autocommit()),
        }
    }
}
