use serde::de::DeserializeOwned;

use super::RelocateError;
use crate::database::{Connection, Dialect};

/// The rows of a query, whose parameters are text, by their columns.
pub(super) fn ask<T: DeserializeOwned>(
    connection: &mut Connection,
    sql: &str,
    parameters: &[&str],
) -> Result<Vec<T>, RelocateError> {
    let sql = format!("SELECT pg_catalog.row_to_json(r)::text FROM ({sql}) r");
    let understood =
        |text: &String| serde_json::from_str(text).map_err(|error| RelocateError::Answer { reason: error.to_string() });
    connection.first_column(&sql, parameters)?.iter().map(understood).collect()
}

/// The only value of a query.
pub(super) fn ask_one(
    connection: &mut Connection,
    sql: &str,
    parameters: &[&str],
) -> Result<Option<String>, RelocateError> {
    Ok(connection.first_column(sql, parameters)?.into_iter().next())
}

/// A list of texts as a parameter for `json_array_elements_text`.
pub(super) fn json_list<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::Value::from(texts.into_iter().collect::<Vec<_>>()).to_string()
}

/// Refuses what has no schemas.
pub(super) fn check_dialect(connection: &Connection) -> Result<(), RelocateError> {
    if connection.dialect() == Dialect::Postgres { Ok(()) } else { Err(RelocateError::NoSchemas) }
}
