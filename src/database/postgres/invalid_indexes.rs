use std::fmt;

use serde::Serialize;
use tokio_postgres::Row;

use super::PostgresConnection;
use crate::database::{Access, Connection, DatabaseError, VersionTableName, quote_identifier};

/// An index that PostgreSQL keeps up to date and never uses: what a failed `CREATE INDEX CONCURRENTLY` or
/// `REINDEX CONCURRENTLY` leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvalidIndex {
    /// Its schema, which is its table's.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its table.
    pub table: String,
    /// Whether it is unique: rows that break it are refused although it is invalid.
    pub is_unique: bool,
}

impl InvalidIndex {
    /// Schema and name as SQL.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }
}

/// `public.ix_orders_total on orders`
impl fmt::Display for InvalidIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} on {}", self.schema, self.name, self.table)
    }
}

/// Indexes of partitioned tables (relkind `I`) are invalid by intent until every partition has its own, and those of a build
/// that is running are about to become valid: it holds a ShareUpdateExclusiveLock on their table, as autovacuum does. A schema with
/// a version table of its own is another history's business.
const INVALID: &str = "SELECT n.nspname::text, c.relname::text, t.relname::text, i.indisunique \
    FROM pg_catalog.pg_index i \
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid \
    JOIN pg_catalog.pg_class t ON t.oid = i.indrelid \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname <> 'pg_toast' \
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_class v \
        WHERE v.relnamespace = n.oid AND v.relname = $1 AND v.relkind IN ('r', 'p', 'f', 'v', 'm') \
        AND CASE WHEN $2 = '' THEN NOT pg_catalog.pg_table_is_visible(v.oid) ELSE n.nspname <> $2 END) \
    AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_locks l \
        LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
        WHERE l.locktype = 'relation' AND l.relation = i.indrelid AND l.granted \
        AND l.mode = 'ShareUpdateExclusiveLock' \
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()) \
        AND a.backend_type IS DISTINCT FROM 'autovacuum worker') \
    ORDER BY 1, 2";

impl PostgresConnection {
    fn invalid_indexes(&self, table: &VersionTableName) -> Result<Vec<InvalidIndex>, DatabaseError> {
        let schema = table.schema.as_deref().unwrap_or_default();
        let rows = self.query(INVALID, &[&table.name, schema], table)?;
        let read = |row: &Row| {
            Ok(InvalidIndex {
                schema: row.try_get(0)?,
                name: row.try_get(1)?,
                table: row.try_get(2)?,
                is_unique: row.try_get(3)?,
            })
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error| self.error(&error, table))
    }
}

impl Connection {
    /// The invalid indexes that no running build will finish, sorted by name, but for those of schemas with another version table of
    /// this name; none on other databases than PostgreSQL.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn invalid_indexes(&mut self, table: &VersionTableName) -> Result<Vec<InvalidIndex>, DatabaseError> {
        match self {
            Self::Postgres(connection) => connection.invalid_indexes(table),
            Self::Sqlite(_) => Ok(Vec::new()),
        }
    }

    /// Drops one by `DROP INDEX CONCURRENTLY`, which blocks neither reading nor writing, unless it has become valid or is gone.
    /// Whether it was dropped. No transaction may be open.
    ///
    /// # Errors
    /// No permission, a constraint needs it, or the connection was opened for reading.
    pub fn drop_invalid_index(&mut self, index: &InvalidIndex) -> Result<bool, DatabaseError> {
        let Self::Postgres(connection) = self else { return Ok(false) };
        if connection.access() == Access::Read {
            return Err(DatabaseError::OpenedForReading { target: connection.database().to_owned() });
        }
        let anywhere = VersionTableName::new("").in_schema(Some(index.schema.clone()));
        if !connection.invalid_indexes(&anywhere)?.contains(index) {
            return Ok(false);
        }
        connection.end(&format!("DROP INDEX CONCURRENTLY {}", index.quoted()))?;
        Ok(true)
    }
}
