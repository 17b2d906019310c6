//! limbec's history, whose rows name the version table by its schema.

use super::{RelocateError, Request};
use crate::database::{Connection, History, Transaction, VersionTableName, quote_identifier};

/// Where the history is after its own schema has moved, if it has.
fn place(request: &Request, moved: &[&str]) -> String {
    match &request.history.schema {
        Some(schema) if *schema == request.from && moved.contains(&request.history.name.as_str()) => {
            format!("{}.{}", quote_identifier(&request.to), quote_identifier(&request.history.name))
        }
        _ => request.history.quoted(),
    }
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
