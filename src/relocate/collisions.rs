use std::collections::BTreeSet;

use serde::Deserialize;

use super::ask::{ask, json_list};
use super::inventory::in_schema;
use super::{Inventory, RelocateError, Request};
use crate::database::Connection;

/// Tables, views, sequences and indexes share one space of names, types (a table's row type and the array types among them) another.
const NAMES: &str = "WITH moved AS (
        SELECT c.oid, c.relname, c.relkind FROM pg_catalog.pg_class c
        WHERE c.oid IN (SELECT json_array_elements_text($2::json)::oid)),
    all_moved AS (
        SELECT oid, relname FROM moved
        UNION SELECT i.oid, i.relname FROM pg_catalog.pg_index x JOIN moved ON moved.oid = x.indrelid
            JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
        UNION SELECT s.oid, s.relname FROM pg_catalog.pg_depend d JOIN moved ON moved.oid = d.refobjid
            JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')),
    types AS (
        SELECT t.oid, t.typname, t.typarray FROM pg_catalog.pg_type t
        WHERE t.oid IN (SELECT json_array_elements_text($3::json)::oid) OR t.typrelid IN (SELECT oid FROM moved))
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'v' THEN 'view'
            WHEN 'm' THEN 'materialized view' WHEN 'c' THEN 'type' ELSE 'table' END AS kind, quote_ident(c.relname) AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1 AND c.relname IN (SELECT relname FROM all_moved)
    UNION SELECT 'type', quote_ident(t.typname) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname = $1 AND NOT EXISTS (SELECT FROM pg_catalog.pg_class c
            WHERE c.relnamespace = n.oid AND (c.oid = t.typrelid OR c.reltype = t.typelem AND t.typelem <> 0))
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = t.oid AND e.typname IN (SELECT typname FROM types))
        AND t.typname IN (SELECT typname FROM types UNION SELECT a.typname FROM pg_catalog.pg_type a
            JOIN types ON types.typarray = a.oid)";

#[derive(Deserialize)]
struct Name {
    kind: String,
    name: String,
}

/// Refuses to go where the names are taken; all of them are named.
pub(super) fn check(
    connection: &mut Connection,
    request: &Request,
    inventory: &Inventory,
) -> Result<(), RelocateError> {
    let relations = json_list(inventory.numbers("pg_class"));
    let types = json_list(inventory.numbers("pg_type"));
    let taken: Vec<Name> = ask(connection, NAMES, &[&request.to, &relations, &types])?;
    let mut names: BTreeSet<String> = taken.into_iter().map(|row| format!("{} {}", row.kind, row.name)).collect();
    let own_space =
        |kind: &str| !["table", "view", "materialized view", "foreign table", "sequence", "type"].contains(&kind);
    let there: BTreeSet<(String, String)> =
        in_schema(connection, &request.to)?.into_iter().map(|object| (space(&object.kind), object.name)).collect();
    for object in inventory.objects.iter().filter(|object| own_space(&object.kind)) {
        if there.contains(&(space(&object.kind), object.name.clone())) {
            names.insert(object.shown());
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    Err(RelocateError::Collisions { schema: request.to.clone(), names: names.into_iter().collect() })
}

/// Functions, procedures and aggregates share their names.
fn space(kind: &str) -> String {
    if ["function", "procedure", "aggregate"].contains(&kind) { "routine".to_owned() } else { kind.to_owned() }
}
