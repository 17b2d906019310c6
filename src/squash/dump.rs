use std::collections::BTreeSet;

use super::{SquashError, postgres, sqlite};
use crate::database::{Connection, DatabaseUrl, Environment, VersionTableName};

/// The schema of a database as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// Without semicolons, in an order in which they run. Names in the default schema are written without it.
    pub statements: Vec<String>,
}

/// A table that holds rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilledTable {
    /// Its schema; `None`: the default one.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// How many rows.
    pub rows: u64,
}

/// Whether a dump has rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowPolicy {
    /// It has all.
    Include,
    /// It has none.
    LeaveOut,
    /// It has those of these tables, as [`FilledTable::shown`] calls them.
    Of(BTreeSet<String>),
}

impl RowPolicy {
    /// Whether the rows of a table are in it.
    pub fn has(&self, table: &FilledTable) -> bool {
        match self {
            Self::Include => true,
            Self::LeaveOut => false,
            Self::Of(tables) => tables.contains(&table.shown()),
        }
    }
}

impl FilledTable {
    /// For people.
    pub fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The tables with rows, besides the version table. `default` is the schema of names without one.
///
/// # Errors
/// The database does not answer.
pub fn filled_tables(
    connection: &mut Connection,
    table: &VersionTableName,
    default: &str,
) -> Result<Vec<FilledTable>, SquashError> {
    match connection {
        Connection::Postgres(_) => postgres::filled_tables(connection, table, default),
        Connection::Sqlite(_) => sqlite::filled_tables(connection, &[table.name.as_str()]),
    }
}

impl Dump {
    /// The statements that put rows in, and set sequences to what they have come to.
    pub fn rows(&self) -> BTreeSet<&str> {
        let is_row = |statement: &&str| {
            ["INSERT INTO ", "SELECT pg_catalog.setval("].iter().any(|begin| statement.starts_with(begin))
        };
        self.statements.iter().map(String::as_str).filter(is_row).collect()
    }

    /// Makes the schema of a PostgreSQL database in another one, by `pg_dump` as it is. What PostgreSQL has read back once, such as
    /// `IN` in a constraint, it may write otherwise than the first time, although it means the same.
    ///
    /// # Errors
    /// There is no `pg_dump`, or the database does not answer.
    pub fn reload(source: (&DatabaseUrl, &Environment), into: &mut Connection) -> Result<(), SquashError> {
        postgres::reload(source, into)
    }

    /// The statements that give and take privileges on what a database has: none on SQLite.
    ///
    /// # Errors
    /// There is no `pg_dump`, or the database does not answer.
    pub fn privileges(
        source: (&DatabaseUrl, &Environment),
        connection: &mut Connection,
        table: &VersionTableName,
        default: &str,
    ) -> Result<Vec<String>, SquashError> {
        match connection {
            Connection::Postgres(_) => postgres::privileges(source, connection, table, default),
            Connection::Sqlite(_) => Ok(Vec::new()),
        }
    }

    /// The SQL of a database that exists for this alone: on PostgreSQL its default schema has another name meanwhile.
    ///
    /// # Errors
    /// There is no `pg_dump`, or the database does not answer.
    pub fn of_ephemeral(
        (url, environment): (&DatabaseUrl, &Environment),
        connection: &mut Connection,
        table: &VersionTableName,
        default: &str,
        rows: &RowPolicy,
    ) -> Result<Self, SquashError> {
        let statements = match connection {
            Connection::Postgres(_) => postgres::statements((url, environment), connection, table, default, rows)?,
            Connection::Sqlite(_) => sqlite::statements(connection, &[table.name.as_str()], rows)?,
        };
        Ok(Self { statements })
    }
}
