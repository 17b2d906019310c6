//! Making the history table, and its schema, with sentences for those who may not.

use super::{HistoryError, HistoryTable};
use crate::database::connection::Transaction;
use crate::database::{DatabaseError, Dialect, quote_identifier};

/// One at a time: two runs, of two version tables, may both find the schema absent. It is released with the transaction.
const TAKE_TURNS: &str = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('limbec history'))::text";

/// Creates what is absent. Whether the table was.
pub(super) fn ensure(
    transaction: &mut Transaction<'_>,
    table: &HistoryTable,
    role: &str,
) -> Result<bool, HistoryError> {
    let name = table.as_version_table();
    if transaction.connection().has_table(&name)? {
        return Ok(false);
    }
    let dialect = transaction.connection().dialect();
    if dialect == Dialect::Postgres {
        transaction.connection().first_column(TAKE_TURNS, &[])?;
        if transaction.connection().has_table(&name)? {
            return Ok(false);
        }
        if let Some(schema) = &table.schema {
            ensure_schema(transaction, table, schema, role)?;
        }
    }
    match transaction.execute(&table.create_statement(&dialect), &[], &name) {
        Ok(_) => Ok(true),
        Err(DatabaseError::Permission { database, .. }) => {
            let schema = table.schema.clone().unwrap_or_default();
            Err(HistoryError::NoTablePermission { role: role.to_owned(), schema, database })
        }
        Err(error) => Err(error.into()),
    }
}

fn ensure_schema(
    transaction: &mut Transaction<'_>,
    table: &HistoryTable,
    schema: &str,
    role: &str,
) -> Result<(), HistoryError> {
    let found = "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = $1";
    // Not IF NOT EXISTS alone: PostgreSQL asks for the permission to create schemas even where there is nothing to create.
    if !transaction.connection().first_column(found, &[schema])?.is_empty() {
        return Ok(());
    }
    let create = format!("CREATE SCHEMA {}", quote_identifier(schema));
    match transaction.execute(&create, &[], &table.as_version_table()) {
        Ok(_) => Ok(()),
        Err(DatabaseError::Permission { database, .. }) => {
            Err(HistoryError::NoSchemaPermission { role: role.to_owned(), schema: schema.to_owned(), database })
        }
        Err(error) => Err(error.into()),
    }
}
