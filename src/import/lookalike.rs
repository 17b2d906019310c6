//! The tables that are nobody's yet: what an application has, and what looks as if a migration tool had written it.

use serde_json::Value;

use super::error::ImportError;
use super::tool::Tool;
use crate::database::{Connection, Dialect, VersionTableName};

/// Tables of a database, in all schemas, without those of limbec and Alembic.
#[derive(Debug, Clone, Default)]
pub struct OtherTables {
    /// The application's, with their schemas.
    pub application: Vec<String>,
    /// By their names tables in which a tool keeps what has run, each with its number of rows, unless it cannot be read.
    pub tracking: Vec<(String, Option<u64>)>,
}

/// What names of such tables have in them.
const PARTS: [&str; 7] =
    ["migration", "schema_version", "schema_history", "schema_info", "schemaversion", "db_version", "changelog"];

/// Looks for them. `version_table` is Alembic's.
///
/// # Errors
/// The database does not answer.
pub fn other_tables(connection: &mut Connection, version_table: &VersionTableName) -> Result<OtherTables, ImportError> {
    let mut others = OtherTables::default();
    for name in names(connection)? {
        let is_own = |own: &str| name.name == own || name.name.starts_with("limbec_");
        if is_own(&version_table.name) || is_own("alembic_version") {
            continue;
        }
        let shown = name.to_string();
        if looks_like_tracking(&name.name) {
            others.tracking.push((shown, rows(connection, &name)));
        } else {
            others.application.push(shown);
        }
    }
    Ok(others)
}

fn looks_like_tracking(name: &str) -> bool {
    let name = name.to_lowercase();
    Tool::ALL.iter().any(|tool| tool.default_tables().contains(&name.as_str()))
        || PARTS.iter().any(|part| name.contains(part))
}

fn names(connection: &mut Connection) -> Result<Vec<VersionTableName>, ImportError> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => {
            "SELECT NULL AS schema, name FROM sqlite_master \
             WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
        }
        _ => {
            "SELECT n.nspname::text AS schema, c.relname::text AS name \
             FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'limbec') \
             AND n.nspname NOT LIKE 'pg\\_%' \
             AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') \
             ORDER BY n.nspname, c.relname"
        }
    };
    let lines = connection.rows_as_json(sql)?;
    let name = |line: &String| {
        let row: Value = serde_json::from_str(line).ok()?;
        let schema = row.get("schema").and_then(Value::as_str).map(str::to_owned);
        Some(VersionTableName::new(row.get("name")?.as_str()?).in_schema(schema))
    };
    Ok(lines.iter().filter_map(name).collect())
}

/// What may not be read is still worth naming.
fn rows(connection: &mut Connection, table: &VersionTableName) -> Option<u64> {
    let sql = format!("SELECT CAST(count(*) AS text) FROM {}", table.quoted());
    connection.first_column(&sql, &[]).ok()?.first()?.parse().ok()
}
