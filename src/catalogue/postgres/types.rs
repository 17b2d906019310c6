use serde::Deserialize;

use super::{Reading, no_member};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::operation::ObjectKind;

/// Enum types, domains, composite types and ranges; not the row types of tables.
const TYPES: &str = "
    SELECT n.nspname AS schema, t.typname AS name, t.typtype AS kind,
        ARRAY(SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) AS labels,
        CASE t.typtype
            WHEN 'd' THEN concat_ws(' ', format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
                'DEFAULT ' || t.typdefault,
                array_to_string(ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k
                    WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY k.conname), ' '))
            WHEN 'c' THEN array_to_string(ARRAY(SELECT quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum), ', ')
            WHEN 'r' THEN (SELECT format_type(g.rngsubtype, NULL) FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid)
        END AS definition
    FROM pg_catalog.pg_type t
    JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
        AND n.nspname IN (SELECT json_array_elements_text($1::json)) AND ";

#[derive(Deserialize)]
struct TypeRow {
    schema: String,
    name: String,
    kind: String,
    labels: Vec<String>,
    definition: Option<String>,
}

/// Fills in the types.
pub(super) fn read(reading: &mut Reading<'_>, catalogue: &mut Catalogue) -> Result<(), CatalogueError> {
    for row in reading.ask::<TypeRow>(&format!("{TYPES}{}", no_member("pg_type", "t.oid")))? {
        let name = reading.name(row.schema, row.name);
        if row.kind == "e" {
            catalogue.enums.insert(name, row.labels);
            continue;
        }
        let kind = if row.kind == "d" { ObjectKind::Domain } else { ObjectKind::Type };
        catalogue.objects.insert((kind, name.to_string()), row.definition.unwrap_or_default());
    }
    Ok(())
}
