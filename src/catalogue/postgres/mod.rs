//! PostgreSQL's system catalogue. `pg_get_…` functions write names of the search path without their schema.

mod objects;
mod relations;
mod types;

use std::collections::BTreeSet;

use serde::Deserialize;

use super::read::rows;
use super::{Catalogue, CatalogueError, Scope};
use crate::database::Connection;
use crate::operation::{ObjectKind, TableName};

/// Members of extensions are the extension's; `$class` and `$id` are put in.
const NO_MEMBER: &str = "NOT EXISTS (SELECT FROM pg_catalog.pg_depend member \
     WHERE member.classid = '$class'::regclass AND member.objid = $id AND member.deptype = 'e')";

const SCHEMAS: &str = "SELECT row_to_json(r)::text FROM (
    SELECT n.nspname AS name, n.nspname IS NOT DISTINCT FROM current_schema() AS is_default
    FROM pg_catalog.pg_namespace n
    WHERE n.nspname <> 'information_schema' AND left(n.nspname, 3) <> 'pg_' AND ";

#[derive(Deserialize)]
struct SchemaRow {
    name: String,
    is_default: bool,
}

/// What the queries are asked for.
struct Reading<'c> {
    connection: &'c mut Connection,
    scope: &'c Scope,
    default_schema: Option<String>,
    /// The schemas as a JSON array: `$1` of every query.
    schemas: String,
}

impl Reading<'_> {
    /// The rows of a query over the schemas that are read.
    fn ask<T: serde::de::DeserializeOwned>(&mut self, sql: &str) -> Result<Vec<T>, CatalogueError> {
        let sql = format!("SELECT row_to_json(r)::text FROM ({sql}) r");
        rows(self.connection, &sql, &[&self.schemas])
    }

    fn reads(&self, schema: &str) -> bool {
        self.scope.has_schema(schema, self.default_schema.as_deref() == Some(schema))
    }

    fn name(&self, schema: String, name: String) -> TableName {
        let schema = Some(schema).filter(|schema| Some(schema) != self.default_schema.as_ref());
        TableName { schema, name }
    }
}

/// The condition that an object of a system table belongs to no extension.
fn no_member(class: &str, id: &str) -> String {
    NO_MEMBER.replace("$class", &format!("pg_catalog.{class}")).replace("$id", id)
}

pub(super) fn read(connection: &mut Connection, scope: &Scope) -> Result<Catalogue, CatalogueError> {
    let sql = format!("{SCHEMAS}{}) r", no_member("pg_namespace", "n.oid"));
    let found: Vec<SchemaRow> = rows(connection, &sql, &[])?;
    let on_path = found.iter().find(|row| row.is_default).map(|row| row.name.clone());
    let default_schema = scope.default_schema().map(str::to_owned).or(on_path);
    let is_read = |name: &String| scope.has_schema(name, Some(name) == default_schema.as_ref());
    let schemas: BTreeSet<String> = found.into_iter().map(|row| row.name).filter(is_read).collect();
    let names =
        serde_json::to_string(&schemas).map_err(|error| CatalogueError::Answer { reason: error.to_string() })?;
    let mut reading = Reading { connection, scope, default_schema: default_schema.clone(), schemas: names };
    let mut catalogue = Catalogue { default_schema, ..Catalogue::default() };
    let all = relations::read(&mut reading, &mut catalogue)?;
    for schema in schemas {
        let tables = all.iter().filter(|(of, _)| *of == schema).map(|(_, name)| name.clone());
        // The default one is there before anything is in it.
        if catalogue.default_schema.as_ref() == Some(&schema) || !scope.is_own_schema(&schema, tables) {
            catalogue.objects.insert((ObjectKind::Schema, schema), String::new());
        }
    }
    types::read(&mut reading, &mut catalogue)?;
    objects::read(&mut reading, &mut catalogue)?;
    Ok(catalogue)
}
