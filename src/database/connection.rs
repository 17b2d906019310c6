use std::collections::HashMap;

use super::error::DatabaseError;
use super::postgres::PostgresConnection;
use super::sqlite::SqliteConnection;
use super::version_table::VersionTableName;
use super::{DatabaseUrl, Dialect, Environment};
use crate::plan::HeadChange;
use crate::revision::RevisionId;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing is created or changed; a missing SQLite file is a database without tables.
    Read,
    /// SQLite's file is created when it is missing, as Alembic does.
    Write,
}

/// A connection to a database whose dialect limbec speaks itself. Calls block; nothing runs between them.
#[derive(Debug)]
pub enum Connection {
    /// By `tokio-postgres`; works behind a pooler in transaction mode.
    Postgres(Box<PostgresConnection>),
    /// By `rusqlite`.
    Sqlite(SqliteConnection),
}

impl Connection {
    /// Connects. `environment` supplies what libpq would read (`PGHOST`, `PGPASSWORD`, `HOME` …).
    pub fn open(url: &DatabaseUrl, environment: &Environment, access: Access) -> Result<Self, DatabaseError> {
        match url.dialect() {
            Dialect::Postgres => Ok(Self::Postgres(Box::new(PostgresConnection::open(url, environment, access)?))),
            Dialect::Sqlite => SqliteConnection::open(url, access).map(Self::Sqlite),
            Dialect::Other(dialect) => Err(DatabaseError::NotNative { dialect }),
        }
    }

    /// How long a lock of an SQLite file is waited for from now on (`None`: for ever). PostgreSQL has this as a setting of transactions.
    ///
    /// # Errors
    /// SQLite does not take it.
    pub fn limit_waiting(&mut self, limit: Option<std::time::Duration>) -> Result<(), DatabaseError> {
        match self {
            Self::Postgres(_) => Ok(()),
            Self::Sqlite(connection) => connection.limit_waiting(limit),
        }
    }

    /// Which language it speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// The rows of the version table as they come (Alembic's `get_current_heads`); `None` when there is no such table
    /// or view: in the named schema, or else anywhere visible on the search path (SQLAlchemy's `has_table`).
    pub fn version_rows(&mut self, table: &VersionTableName) -> Result<Option<Vec<RevisionId>>, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.version_rows(table),
            Self::Sqlite(connection) => connection.version_rows(table),
        }
    }

    /// The rows of the version tables of one name in many schemas, by schema: none where there is no table, nothing for a schema that is not there.
    ///
    /// # Errors
    /// One of the tables cannot be read.
    pub fn version_rows_in(
        &mut self,
        name: &str,
        schemas: &[&str],
    ) -> Result<HashMap<String, Vec<RevisionId>>, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.version_rows_in(name, schemas),
            Self::Sqlite(connection) => {
                let table = |schema: &&str| VersionTableName::new(name).in_schema(Some((*schema).to_owned()));
                let mut read = |schema: &&str| {
                    let rows = connection.version_rows(&table(schema))?.unwrap_or_default();
                    Ok(((*schema).to_owned(), rows))
                };
                schemas.iter().map(&mut read).collect()
            }
        }
    }

    /// Which server and database it is, whatever its URL calls it, and the schema that is current, if there is one; `None` for a dialect that does not
    /// tell. Two connections with the same are to one and the same database, while its server runs.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn place(&self) -> Result<Option<(String, Option<String>)>, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.place(),
            Self::Sqlite(_) => Ok(None),
        }
    }

    /// Whether a pooler, or something else, is between limbec and the server, so that what is set for the session may be somebody else's the next
    /// moment.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn is_behind_pooler(&self) -> Result<bool, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.is_behind_pooler(),
            Self::Sqlite(_) => Ok(false),
        }
    }

    /// Begins a transaction. Dropping it without [`Transaction::commit`] undoes everything.
    pub fn begin(&mut self) -> Result<Transaction<'_>, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.begin()?,
            Self::Sqlite(connection) => connection.begin()?,
        }
        Ok(Transaction { connection: self, open: true })
    }

    /// The transaction that [`Connection::run_text`] has begun: dropping it ends nothing. Where none was begun, every statement is one of
    /// its own.
    pub fn within(&mut self) -> Transaction<'_> {
        Transaction { connection: self, open: false }
    }

    /// Creates the version table as Alembic would, when it is absent. Whether it was created.
    pub fn ensure_version_table(&mut self, table: &VersionTableName) -> Result<bool, DatabaseError> {
        let mut transaction = self.begin()?;
        let created = transaction.ensure_version_table(table)?;
        transaction.commit()?;
        Ok(created)
    }

    /// Applies changes of the heads in one transaction; all or none.
    pub fn apply(&mut self, table: &VersionTableName, changes: &[HeadChange]) -> Result<(), DatabaseError> {
        let mut transaction = self.begin()?;
        transaction.apply(table, changes)?;
        transaction.commit()
    }

    /// Deletes every row (`stamp --purge`). How many there were.
    pub fn purge(&mut self, table: &VersionTableName) -> Result<u64, DatabaseError> {
        let mut transaction = self.begin()?;
        let deleted = transaction.purge(table)?;
        transaction.commit()?;
        Ok(deleted)
    }

    /// The first column of every row, which is text and never null; parameters are text.
    ///
    /// # Errors
    /// The database refuses the query, or does not answer.
    pub fn first_column(&mut self, sql: &str, parameters: &[&str]) -> Result<Vec<String>, DatabaseError> {
        match self {
            Self::Postgres(connection) => {
                let rows = connection.texts(sql, parameters)?.into_iter();
                Ok(rows.filter_map(|row| row.into_iter().next().flatten()).collect())
            }
            Self::Sqlite(connection) => connection.first_column(sql, parameters),
        }
    }

    /// Whether there is a table or view of this name, found as [`Connection::version_rows`] finds it.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn has_table(&mut self, table: &VersionTableName) -> Result<bool, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.has_table(table),
            Self::Sqlite(connection) => connection.has_table(table),
        }
    }

    /// Runs a script of several statements in one transaction.
    ///
    /// # Errors
    /// The database refuses one of them; nothing of the script remains.
    pub fn run_script(&mut self, sql: &str) -> Result<(), DatabaseError> {
        let transaction = self.begin()?;
        match &mut *transaction.connection {
            Connection::Postgres(connection) => connection.end(sql)?,
            Connection::Sqlite(connection) => connection.end(sql)?,
        }
        transaction.commit()
    }

    fn execute(&mut self, sql: &str, parameters: &[&str], table: &VersionTableName) -> Result<u64, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.execute(sql, parameters, table),
            Self::Sqlite(connection) => connection.execute(sql, parameters),
        }
    }
}

/// An open transaction: a guard that rolls back when it is dropped.
#[derive(Debug)]
pub struct Transaction<'a> {
    connection: &'a mut Connection,
    open: bool,
}

impl Transaction<'_> {
    /// Which language the connection speaks.
    pub fn dialect(&self) -> Dialect {
        self.connection.dialect()
    }

    /// The connection, whose every statement is part of the transaction.
    pub fn connection(&mut self) -> &mut Connection {
        self.connection
    }

    /// Runs a script of several statements, as a part of the transaction.
    ///
    /// # Errors
    /// The database refuses one of them; the transaction is then good for nothing but to be dropped.
    pub fn run(&mut self, sql: &str) -> Result<(), DatabaseError> {
        match &mut *self.connection {
            Connection::Postgres(connection) => connection.end(sql),
            Connection::Sqlite(connection) => connection.end(sql),
        }
    }

    /// Runs one statement, whose parameters are text; how many rows it changed.
    ///
    /// # Errors
    /// As `run`.
    pub fn change(&mut self, sql: &str, parameters: &[&str]) -> Result<u64, DatabaseError> {
        self.connection.execute(sql, parameters, &VersionTableName::default())
    }

    /// Runs one statement; how many rows it changed. `table` is named in errors.
    pub(super) fn execute(
        &mut self,
        sql: &str,
        parameters: &[&str],
        table: &VersionTableName,
    ) -> Result<u64, DatabaseError> {
        self.connection.execute(sql, parameters, table)
    }

    /// As [`Connection::first_column`], inside the transaction.
    ///
    /// # Errors
    /// The database refuses the query, or does not answer.
    pub fn first_column(&mut self, sql: &str, parameters: &[&str]) -> Result<Vec<String>, DatabaseError> {
        self.connection.first_column(sql, parameters)
    }

    /// As [`Connection::version_rows`], inside the transaction.
    pub fn version_rows(&mut self, table: &VersionTableName) -> Result<Option<Vec<RevisionId>>, DatabaseError> {
        self.connection.version_rows(table)
    }

    /// As [`Connection::ensure_version_table`], inside the transaction.
    pub fn ensure_version_table(&mut self, table: &VersionTableName) -> Result<bool, DatabaseError> {
        let absent = !self.connection.has_table(table)?;
        if absent {
            let statement = match &*self.connection {
                Connection::Postgres(_) => table.create_statement(),
                Connection::Sqlite(_) => table.create_statement_like_sqlalchemy(),
            };
            self.connection.execute(&statement, &[], table)?;
        }
        Ok(absent)
    }

    /// Applies changes in order, each with Alembic's check that exactly one row was met (`HeadMaintainer`).
    pub fn apply(&mut self, table: &VersionTableName, changes: &[HeadChange]) -> Result<(), DatabaseError> {
        let name = table.quoted();
        for change in changes {
            match change {
                HeadChange::Insert(revision) => {
                    let sql = format!("INSERT INTO {name} (version_num) VALUES ($1)");
                    self.connection.execute(&sql, &[revision.as_str()], table)?;
                }
                HeadChange::Delete(revision) => {
                    let sql = format!("DELETE FROM {name} WHERE version_num = $1");
                    let found = self.connection.execute(&sql, &[revision.as_str()], table)?;
                    if found != 1 {
                        let (revision, table) = (revision.to_string(), table.name.clone());
                        return Err(DatabaseError::DeletedRows { revision, table, found });
                    }
                }
                HeadChange::Update { from, to } => {
                    let sql = format!("UPDATE {name} SET version_num = $1 WHERE version_num = $2");
                    let found = self.connection.execute(&sql, &[to.as_str(), from.as_str()], table)?;
                    if found != 1 {
                        let (from, to, table) = (from.to_string(), to.to_string(), table.name.clone());
                        return Err(DatabaseError::UpdatedRows { from, to, table, found });
                    }
                }
            }
        }
        Ok(())
    }

    /// As [`Connection::purge`], inside the transaction.
    pub fn purge(&mut self, table: &VersionTableName) -> Result<u64, DatabaseError> {
        self.connection.execute(&format!("DELETE FROM {}", table.quoted()), &[], table)
    }

    /// Makes it all permanent.
    pub fn commit(mut self) -> Result<(), DatabaseError> {
        self.open = false;
        match &mut *self.connection {
            Connection::Postgres(connection) => connection.end("COMMIT"),
            Connection::Sqlite(connection) => connection.end("COMMIT"),
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // Failing here means that the connection is gone, and with it the transaction.
            let _ = match &mut *self.connection {
                Connection::Postgres(connection) => connection.end("ROLLBACK"),
                Connection::Sqlite(connection) => connection.end("ROLLBACK"),
            };
        }
    }
}
