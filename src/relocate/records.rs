//! limbec's history, whose rows name the version table by its schema.

use super::{RelocateError, Request};
use crate::database::{Connection, History, Transaction, VersionTableName, quote_identifier};

/// Where the history is after its own schema has moved, if it has.
fn place(request: &Request, moved: &[&str]) -> String {
    if is_among(request, moved) {
        format!("{}.{}", quote_identifier(&request.to), quote_identifier(&request.history.name))
    } else {
        request.history.quoted()
    }
}

/// Whether the history is one of these tables of the source.
fn is_among(request: &Request, tables: &[&str]) -> bool {
    request.history.schema.as_ref() == Some(&request.from) && tables.contains(&request.history.name.as_str())
}

/// Whether there is a history.
pub(super) fn exists(connection: &mut Connection, request: &Request) -> Result<bool, RelocateError> {
    let found = History::open(connection, &request.history, &VersionTableName::default());
    found.map(|history| history.is_some()).map_err(|error| match error {
        crate::database::HistoryError::Database(error) => error.into(),
        error => RelocateError::Answer { reason: error.to_string() },
    })
}

/// Names the version tables among the moved tables by their new schema. How many rows that were.
pub(super) fn rename(
    transaction: &mut Transaction<'_>,
    request: &Request,
    moved: &[&str],
) -> Result<u64, RelocateError> {
    let sql = format!(
        "UPDATE {} SET version_schema = $1 WHERE version_schema = $2 \
         AND version_table IN (SELECT pg_catalog.json_array_elements_text($3::json))",
        place(request, moved)
    );
    let tables = super::ask::json_list(moved.iter().copied());
    Ok(transaction.change(&sql, &[&request.to, &request.from, &tables])?)
}

/// Has the history speak of the copied version tables as well. How many rows that were.
pub(super) fn duplicate(
    transaction: &mut Transaction<'_>,
    request: &Request,
    copied: &[&str],
) -> Result<u64, RelocateError> {
    if is_among(request, copied) {
        return rename(transaction, request, copied);
    }
    let columns = "SELECT quote_ident(a.attname) FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::text::regclass \
                   AND a.attnum > 0 AND NOT a.attisdropped AND a.attname NOT IN ('id', 'version_schema') ORDER BY a.attnum";
    let table = request.history.quoted();
    let columns = transaction.connection().first_column(columns, &[&table])?.join(", ");
    let sql = format!(
        "INSERT INTO {table} (version_schema, {columns}) SELECT $1, {columns} FROM {table} WHERE version_schema = $2 \
         AND version_table IN (SELECT pg_catalog.json_array_elements_text($3::json)) ORDER BY id"
    );
    let tables = super::ask::json_list(copied.iter().copied());
    Ok(transaction.change(&sql, &[&request.to, &request.from, &tables])?)
}

/// The history does not speak of dropped version tables any more: their copies have it.
pub(super) fn forget(
    transaction: &mut Transaction<'_>,
    request: &Request,
    dropped: &[&str],
) -> Result<(), RelocateError> {
    if is_among(request, dropped) || !exists(transaction.connection(), request)? {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM {} WHERE version_schema = $1 AND version_table IN (SELECT pg_catalog.json_array_elements_text($2::json))",
        request.history.quoted()
    );
    let tables = super::ask::json_list(dropped.iter().copied());
    transaction.change(&sql, &[&request.from, &tables])?;
    Ok(())
}
