//! What is in a table: how many rows, how many values, how many bytes, asked with patience that ends.

mod postgres;
mod sqlite;

use std::fmt;
use std::time::{Duration, Instant};

use super::Connection;

/// How long and how far is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasureLimits {
    /// Up to which number rows and values are counted one by one.
    pub rows: u64,
    /// Of one statement.
    pub statement: Duration,
    /// Of all together; what is asked for after it is answered by estimates.
    pub total: Duration,
}

impl Default for MeasureLimits {
    fn default() -> Self {
        Self { rows: 1_000_000, statement: Duration::from_secs(2), total: Duration::from_secs(10) }
    }
}

/// A number of rows or values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Count {
    /// Counted.
    Exact(u64),
    /// More than were counted; there is no better estimate.
    AtLeast(u64),
    /// What the planner believes.
    About(u64),
    /// It could not be found out; why, as a phrase.
    Unknown(String),
}

impl Count {
    /// Whether there is certainly nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::Exact(0)
    }
}

/// The number alone: `12`, `about 1200000`, `at least 1000000`, `unknown (permission denied …)`.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(number) => write!(f, "{number}"),
            Self::AtLeast(number) => write!(f, "at least {number}"),
            Self::About(number) => write!(f, "about {number}"),
            Self::Unknown(reason) => write!(f, "unknown ({reason})"),
        }
    }
}

/// What a table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// Rows, those of partitions and child tables included.
    pub rows: Count,
    /// On disk, with its indexes and what is stored out of line; partitions and child tables included.
    pub bytes: Option<u64>,
}

/// Measures on a connection of limbec's own. Nothing is written, nothing fails: what a role may not see, what is locked by
/// somebody else and what takes too long is [`Count::Unknown`], or an estimate.
#[derive(Debug)]
pub struct Gauge<'a> {
    connection: &'a mut Connection,
    limits: MeasureLimits,
    search_path: Option<Vec<String>>,
    began: Instant,
}

impl<'a> Gauge<'a> {
    /// Measures within these limits; the total time begins now.
    pub fn new(connection: &'a mut Connection, limits: MeasureLimits) -> Self {
        Self { connection, limits, search_path: None, began: Instant::now() }
    }

    /// Looks for tables without a schema in these schemas of PostgreSQL, in this order, rather than where the connection does.
    #[must_use]
    pub fn on_search_path(mut self, schemas: Option<Vec<String>>) -> Self {
        self.search_path = schemas;
        self
    }

    /// Rows and size of a table; `None`: there is none of this name. Without a schema it is looked for on the search path.
    pub fn table(&mut self, schema: Option<&str>, table: &str) -> Option<TableFacts> {
        let time = self.time_left();
        match &mut *self.connection {
            Connection::Postgres(connection) => {
                let mut asked = postgres::Asked { connection, search_path: self.search_path.as_deref(), time };
                asked.table(schema, table, self.limits.rows)
            }
            Connection::Sqlite(connection) => sqlite::Asked { connection, time }.table(schema, table, self.limits.rows),
        }
    }

    /// Values of a column that are not NULL; `None`: there is no such column.
    pub fn column(&mut self, schema: Option<&str>, table: &str, column: &str) -> Option<Count> {
        let time = self.time_left();
        match &mut *self.connection {
            Connection::Postgres(connection) => {
                let mut asked = postgres::Asked { connection, search_path: self.search_path.as_deref(), time };
                asked.column(schema, table, column, self.limits.rows)
            }
            Connection::Sqlite(connection) => {
                sqlite::Asked { connection, time }.column(schema, table, column, self.limits.rows)
            }
        }
    }

    /// The tables of a schema, sorted; without one those of the search path. `None`: they are not to be had.
    pub fn tables_of(&mut self, schema: Option<&str>) -> Option<Vec<String>> {
        let time = self.time_left();
        match &mut *self.connection {
            Connection::Postgres(connection) => {
                let mut asked = postgres::Asked { connection, search_path: self.search_path.as_deref(), time };
                asked.tables_of(schema)
            }
            Connection::Sqlite(connection) => sqlite::Asked { connection, time }.tables_of(schema),
        }
    }

    /// The tables (with their schema) that refer to one of these by a foreign key, directly or not, but for these: what
    /// `TRUNCATE … CASCADE` empties with them. `None`: they are not to be had.
    pub fn referencing(&mut self, tables: &[(Option<&str>, &str)]) -> Option<Vec<(Option<String>, String)>> {
        let time = self.time_left();
        match &mut *self.connection {
            Connection::Postgres(connection) => {
                let mut asked = postgres::Asked { connection, search_path: self.search_path.as_deref(), time };
                asked.referencing(tables)
            }
            // SQLite has no TRUNCATE.
            Connection::Sqlite(_) => Some(Vec::new()),
        }
    }

    /// How long the next statement may take; zero: nothing is counted any more.
    fn time_left(&self) -> Duration {
        self.limits.statement.min(self.limits.total.saturating_sub(self.began.elapsed()))
    }
}

/// What a count that ran to the limit or was cut short comes to, given an estimate of the same.
fn beyond(counted: Counted, estimate: Option<u64>) -> Count {
    match (counted, estimate) {
        (Counted::All(number), _) => Count::Exact(number),
        (Counted::UpTo(limit), Some(estimate)) if estimate > limit => Count::About(estimate),
        (Counted::UpTo(limit), _) => Count::AtLeast(limit),
        (Counted::Not(_), Some(estimate)) if estimate > 0 => Count::About(estimate),
        (Counted::Not(reason), _) => Count::Unknown(reason),
    }
}

/// How far a count came.
enum Counted {
    All(u64),
    /// There are more than this.
    UpTo(u64),
    /// Why not.
    Not(String),
}

impl Counted {
    /// From a count over `LIMIT limit + 1`.
    fn of(number: u64, limit: u64) -> Self {
        if number > limit { Self::UpTo(limit) } else { Self::All(number) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_helps_out_where_counting_ends() {
        assert_eq!(beyond(Counted::of(5, 10), Some(700)), Count::Exact(5));
        assert_eq!(beyond(Counted::of(11, 10), Some(700)), Count::About(700));
        assert_eq!(beyond(Counted::of(11, 10), Some(3)), Count::AtLeast(10));
        assert_eq!(beyond(Counted::Not("it took too long".into()), Some(3)), Count::About(3));
        // An estimate of none is no proof of emptiness.
        assert!(!beyond(Counted::Not("it took too long".into()), Some(0)).is_zero());
        assert!(matches!(beyond(Counted::Not("it took too long".into()), Some(0)), Count::Unknown(_)));
    }
}
