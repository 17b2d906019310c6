use serde::Deserialize;

use super::{Reading, no_member};
use crate::catalogue::{Catalogue, CatalogueError};
use crate::operation::ObjectKind;

/// Those that no column owns.
const SEQUENCES: &str = "
    SELECT n.nspname AS schema, c.relname AS name, 'sequence' AS kind,
        concat_ws(' ', format_type(q.seqtypid, NULL), 'start', q.seqstart, 'increment', q.seqincrement,
            'from', q.seqmin, 'to', q.seqmax, CASE WHEN q.seqcycle THEN 'cycle' END) AS definition
    FROM pg_catalog.pg_sequence q
    JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN (SELECT json_array_elements_text($1::json)) AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend o WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid
            AND o.refobjsubid > 0 AND o.deptype IN ('a', 'i')) AND ";

/// `pg_get_functiondef` refuses aggregates.
const FUNCTIONS: &str = "
    SELECT n.nspname AS schema, concat(p.proname, '(', pg_get_function_identity_arguments(p.oid), ')') AS name,
        CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind,
        CASE WHEN p.prokind = 'a' THEN 'aggregate' ELSE pg_get_functiondef(p.oid) END AS definition
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN (SELECT json_array_elements_text($1::json)) AND ";

/// Extensions are the database's, whatever schemas are read: `$1` has no part in it.
const EXTENSIONS: &str = "
    SELECT e.extname AS name FROM pg_catalog.pg_extension e WHERE e.extname <> 'plpgsql' AND $1 <> ''";

/// Objects of the system have numbers below 16384 (`FirstNormalObjectId`). The path is that of names: schema, table, column.
const COMMENTS: &str = "
    SELECT i.type, d.description AS text,
        CASE WHEN x.indexrelid IS NULL THEN i.object_names
            ELSE ARRAY[i.object_names[1], t.relname::text, i.object_names[2]] END AS path
    FROM pg_catalog.pg_description d
    CROSS JOIN LATERAL pg_identify_object_as_address(d.classoid, d.objoid, d.objsubid) i
    LEFT JOIN (pg_catalog.pg_index x JOIN pg_catalog.pg_class t ON t.oid = x.indrelid)
        ON d.classoid = 'pg_catalog.pg_class'::regclass AND x.indexrelid = d.objoid
    WHERE d.objoid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend member
        WHERE member.classid = d.classoid AND member.objid = d.objoid AND member.deptype = 'e')
        AND $1 <> ''";

#[derive(Deserialize)]
struct ObjectRow {
    schema: String,
    name: String,
    kind: String,
    definition: Option<String>,
}

#[derive(Deserialize)]
struct ExtensionRow {
    name: String,
}

#[derive(Deserialize)]
struct CommentRow {
    #[serde(rename = "type")]
    kind: String,
    path: Vec<String>,
    text: String,
}

/// Fills in sequences, functions, extensions and comments.
pub(super) fn read(reading: &mut Reading<'_>, catalogue: &mut Catalogue) -> Result<(), CatalogueError> {
    let mut found: Vec<ObjectRow> = reading.ask(&format!("{SEQUENCES}{}", no_member("pg_class", "c.oid")))?;
    found.extend(reading.ask::<ObjectRow>(&format!("{FUNCTIONS}{}", no_member("pg_proc", "p.oid")))?);
    for row in found {
        let kind = match row.kind.as_str() {
            "sequence" => ObjectKind::Sequence,
            "procedure" => ObjectKind::Procedure,
            _ => ObjectKind::Function,
        };
        let name = reading.name(row.schema, row.name);
        catalogue.objects.insert((kind, name.to_string()), row.definition.unwrap_or_default());
    }
    for row in reading.ask::<ExtensionRow>(EXTENSIONS)? {
        catalogue.objects.insert((ObjectKind::Extension, row.name), String::new());
    }
    for row in reading.ask::<CommentRow>(COMMENTS)? {
        if let Some(name) = commented(reading, &row.path) {
            let kind = if row.kind == "table column" { "column".to_owned() } else { row.kind };
            catalogue.comments.insert((kind, name), row.text);
        }
    }
    Ok(())
}

/// The name of an object with a comment; `None` where it is not read.
fn commented(reading: &Reading<'_>, path: &[String]) -> Option<String> {
    match path {
        // A schema, an extension, or a type, whose schema and name are one text.
        [name] => {
            let schema = name.split('.').next().unwrap_or_default().trim_matches('"');
            let is_default = Some(schema) == reading.default_schema.as_deref() && name.contains('.');
            let bare = name.split_once('.').filter(|_| is_default).map_or(name.as_str(), |(_, name)| name);
            reading.reads(schema).then(|| bare.to_owned())
        }
        [schema, table, parts @ ..] => {
            let is_read = reading.reads(schema) && reading.scope.has_table(schema, table);
            let mut name = reading.name(schema.clone(), table.clone()).to_string();
            for part in parts {
                name.push('.');
                name.push_str(part);
            }
            is_read.then_some(name)
        }
        [] => None,
    }
}
