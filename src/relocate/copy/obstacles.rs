use serde::Deserialize;

use crate::database::Connection;
use crate::relocate::ask::{ask, json_list};
use crate::relocate::{Inventory, RelocateError, Request};

/// Kinds whose definitions are read.
const KINDS: [&str; 9] = [
    "table",
    "view",
    "materialized view",
    "sequence",
    "type",
    "function",
    "procedure",
    "aggregate",
    "statistics object",
];

/// What the definitions would not say, or would say of something else. The search path is that of the source.
const OBSTACLES: &str = "WITH kept AS (SELECT json_array_elements_text($1::json) AS key),
    rel AS (SELECT c.* FROM pg_catalog.pg_class c WHERE concat('pg_class:', c.oid) IN (SELECT key FROM kept))
    SELECT format('type %I is a base type', y.typname) AS text FROM pg_catalog.pg_type y
        WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept) AND y.typtype NOT IN ('e', 'c', 'r', 'd', 'm')
    UNION ALL SELECT format('type %I has a canonical function', y.typname) FROM pg_catalog.pg_type y
        JOIN pg_catalog.pg_range g ON g.rngtypid = y.oid AND g.rngcanonical <> 0
        WHERE concat('pg_type:', y.oid) IN (SELECT key FROM kept)
    UNION ALL SELECT format('aggregate %s is of a special kind', p.oid::regprocedure) FROM pg_catalog.pg_proc p
        JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid AND (a.aggkind <> 'n' OR a.aggmtransfn <> 0)
        WHERE concat('pg_proc:', p.oid) IN (SELECT key FROM kept)
    UNION ALL SELECT format('table %s belongs to %s, and only one of them would be copied', h.inhrelid::regclass, h.inhparent::regclass)
        FROM pg_catalog.pg_inherits h JOIN pg_catalog.pg_class p ON p.oid = h.inhparent AND p.relkind IN ('r', 'p', 'f')
        WHERE (h.inhrelid IN (SELECT oid FROM rel)) <> (h.inhparent IN (SELECT oid FROM rel))
    UNION ALL SELECT format('table %I is of the type %s', rel.relname, rel.reloftype::regtype) FROM rel WHERE rel.reloftype <> 0
    UNION ALL SELECT format('index %I is invalid: drop it, or build it anew', i.relname) FROM rel
        JOIN pg_catalog.pg_index x ON x.indrelid = rel.oid AND NOT x.indisvalid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    UNION ALL SELECT format('%s has the name of something in pg_catalog, which is found first', o.name) FROM (
        SELECT format('table %I', relname) AS name, pg_table_is_visible(oid) AS is_visible FROM rel
        UNION ALL SELECT format('type %I', typname), pg_type_is_visible(oid) FROM pg_catalog.pg_type
            WHERE concat('pg_type:', oid) IN (SELECT key FROM kept)
        UNION ALL SELECT format('function %I', proname), pg_function_is_visible(oid) FROM pg_catalog.pg_proc
            WHERE concat('pg_proc:', oid) IN (SELECT key FROM kept)) o WHERE NOT o.is_visible";

#[derive(Deserialize)]
struct Obstacle {
    text: String,
}

/// Refuses what would not be copied exactly; all of it is named.
pub(super) fn check(
    connection: &mut Connection,
    request: &Request,
    inventory: &Inventory,
) -> Result<(), RelocateError> {
    let everything = inventory.objects.iter().chain(&inventory.left);
    let mut objects: Vec<String> = everything
        .filter(|object| !KINDS.contains(&object.kind.as_str()))
        .map(|object| format!("{} is of a kind that limbec does not copy", object.shown()))
        .collect();
    let keys = json_list(inventory.objects.iter().map(|object| object.key.as_str()));
    objects.extend(ask::<Obstacle>(connection, OBSTACLES, &[&keys])?.into_iter().map(|row| row.text));
    if request.from.contains("$user") || request.to.contains("$user") {
        objects.push("a schema whose name has $user in it".to_owned());
    }
    if objects.is_empty() { Ok(()) } else { Err(RelocateError::NotCopied { objects }) }
}
