//! Making the history table, and its schema, with sentences for those who may not.

use super::{HistoryError, HistoryTable};
use crate::database::connection::Transaction;
use crate::database::postgres::TAKE_TURNS;
use crate::database::{DatabaseError, Dialect};

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
            ensure_schema(transaction, schema, role)?;
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

fn ensure_schema(transaction: &mut Transaction<'_>, schema: &str, role: &str) -> Result<(), HistoryError> {
    match transaction.ensure_schema(schema) {
        Ok(_) => Ok(()),
        Err(DatabaseError::Permission { database, .. }) => {
            Err(HistoryError::NoSchemaPermission { role: role.to_owned(), schema: schema.to_owned(), database })
        }
        Err(error) => Err(error.into()),
    }
}
