//! What is left when all rows and all objects are there: the values of sequences, and the planner's statistics.

use serde::Deserialize;

use super::run::prelude;
use super::tables::RowTable;
use crate::database::Connection;
use crate::relocate::ask::{ask, json_list};
use crate::relocate::{Inventory, RelocateError, Request};

/// Of the schema, of a column, of an identity: as SQL, on both sides.
const SEQUENCES: &str =
    "SELECT quote_ident(s.relname) AS name, concat(quote_ident($2), '.', quote_ident(s.relname)) AS source,
        concat(quote_ident($3), '.', quote_ident(s.relname)) AS target
    FROM pg_catalog.pg_class s WHERE s.relkind = 'S' AND s.oid IN (
        SELECT json_array_elements_text($1::json)::oid
        UNION SELECT d.objid FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
            AND d.refobjid IN (SELECT json_array_elements_text($1::json)::oid))";

/// A sequence on both sides, as SQL.
#[derive(Debug, Deserialize)]
pub(super) struct Sequence {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) target: String,
}

pub(super) fn sequences(
    connection: &mut Connection,
    request: &Request,
    inventory: &Inventory,
) -> Result<Vec<Sequence>, RelocateError> {
    let numbers = json_list(inventory.numbers("pg_class"));
    ask(connection, SEQUENCES, &[&numbers, &request.from, &request.to])
}

/// Sequences go on where those of the source are. Running it twice does no harm.
pub(super) fn finish(
    connection: &mut Connection,
    request: &Request,
    (inventory, tables): (&Inventory, &[RowTable]),
) -> Result<(), RelocateError> {
    let sequences = sequences(connection, request, inventory)?;
    let mut transaction = connection.begin()?;
    transaction.run(&prelude(request))?;
    for Sequence { source, target, .. } in &sequences {
        let sql = format!("SELECT pg_catalog.setval($1::text::regclass, last_value, is_called)::text FROM {source}");
        transaction.connection().first_column(&sql, &[target])?;
    }
    for table in tables {
        transaction.run(&format!("ANALYZE {}", table.target()))?;
    }
    Ok(transaction.commit()?)
}
