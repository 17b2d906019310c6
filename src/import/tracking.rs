//! Tables in which other tools keep what has run.

use serde_json::{Map, Value};

use super::error::ImportError;
use super::tool::Tool;
use crate::database::{Connection, Dialect, VersionTableName, quote_identifier};

/// A row of such a table: the columns that matter, as text, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackingRow {
    values: Map<String, Value>,
}

/// Such a table, with its rows in the order in which they were written, as far as the table knows one.
#[derive(Debug, Clone)]
pub struct TrackingTable {
    /// Its name, with its schema where one was named.
    pub name: String,
    /// Whose columns it has; several tools may fit.
    pub tools: Vec<Tool>,
    /// Its columns.
    pub columns: Vec<String>,
    /// Everything.
    pub rows: Vec<TrackingRow>,
}

impl TrackingRow {
    /// The text of the first of these columns that there is and that is not null.
    pub(super) fn text(&self, columns: &[&str]) -> Option<String> {
        columns.iter().find_map(|column| match self.values.get(*column)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(u8::from(*flag).to_string()),
            other => Some(other.to_string()),
        })
    }

    /// Whether a column is false, zero, or a word for it; `None`: there is no such column, or it is null.
    pub(super) fn flag(&self, column: &str) -> Option<bool> {
        let text = self.text(&[column])?;
        Some(!["0", "f", "false", "no", ""].contains(&text.to_lowercase().as_str()))
    }

    #[cfg(test)]
    pub(super) fn of(json: Value) -> Self {
        Self { values: json.as_object().cloned().unwrap_or_default() }
    }
}

/// Finds and reads the tables of other tools: the one that is named, else all that have a name which a tool gives its table by default.
///
/// # Errors
/// The named table is not there, or one cannot be read.
pub fn tracking_tables(
    connection: &mut Connection,
    named: Option<&str>,
    schema: Option<&str>,
) -> Result<Vec<TrackingTable>, ImportError> {
    let mut names: Vec<VersionTableName> = Vec::new();
    match named {
        Some(name) => names.push(qualified(name)),
        None => {
            for table in Tool::ALL.iter().flat_map(|tool| tool.default_tables()) {
                // Flyway, and whoever was told to, keep the table in the schema that is migrated.
                let places = [None, schema.map(str::to_owned)];
                names.extend(places.into_iter().map(|place| VersionTableName::new(*table).in_schema(place)));
            }
        }
    }
    let mut found: Vec<TrackingTable> = Vec::new();
    for name in names {
        let is_known = found.iter().any(|table| table.name.rsplit('.').next() == Some(&name.name));
        if is_known || !connection.has_table(&name)? {
            continue;
        }
        let columns = columns(connection, &name)?;
        let tools: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| has_columns_of(*tool, &columns)).collect();
        let rows = if tools.is_empty() { Vec::new() } else { rows(connection, &name, &columns)? };
        found.push(TrackingTable { name: name.to_string(), tools, columns, rows });
    }
    Ok(found)
}

/// `schema.table`, or a table alone.
fn qualified(name: &str) -> VersionTableName {
    match name.split_once('.') {
        Some((schema, table)) => VersionTableName::new(table).in_schema(Some(schema.to_owned())),
        None => VersionTableName::new(name),
    }
}

fn columns(connection: &mut Connection, table: &VersionTableName) -> Result<Vec<String>, ImportError> {
    let sql = match connection.dialect() {
        Dialect::Sqlite => "SELECT name FROM pragma_table_info($1)",
        _ => {
            "SELECT attname::text FROM pg_catalog.pg_attribute \
             WHERE attrelid = pg_catalog.to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        }
    };
    let name = if connection.dialect() == Dialect::Sqlite { table.name.clone() } else { table.quoted() };
    Ok(connection.first_column(sql, &[&name])?)
}

fn rows(
    connection: &mut Connection,
    table: &VersionTableName,
    columns: &[String],
) -> Result<Vec<TrackingRow>, ImportError> {
    let dialect = connection.dialect();
    let chosen: Vec<String> = columns.iter().filter_map(|column| selected(column, &dialect)).collect();
    let order = ["installed_rank", "id"].into_iter().find(|column| columns.iter().any(|known| known == column));
    let order = order.map(|column| format!(" ORDER BY {}", quote_identifier(column))).unwrap_or_default();
    let lines = connection.rows_as_json(&format!("SELECT {} FROM {}{order}", chosen.join(", "), table.quoted()))?;
    let row =
        |line: &String| Some(TrackingRow { values: serde_json::from_str::<Value>(line).ok()?.as_object()?.clone() });
    Ok(lines.iter().filter_map(row).collect())
}

/// A column as the query has it; checksums may be bytes.
fn selected(column: &str, dialect: &Dialect) -> Option<String> {
    const WANTED: [&str; 22] = [
        "id",
        "version",
        "version_id",
        "version_num",
        "name",
        "migration_name",
        "migration",
        "filename",
        "file_name",
        "script",
        "description",
        "type",
        "success",
        "dirty",
        "is_applied",
        "status",
        "execution_status",
        "state",
        "installed_rank",
        "checksum",
        "hash",
        "execution_time",
    ];
    WANTED.contains(&column).then(|| {
        let name = quote_identifier(column);
        match (column, dialect) {
            ("checksum" | "hash", Dialect::Sqlite) => {
                format!("CASE typeof({name}) WHEN 'blob' THEN lower(hex({name})) ELSE {name} END AS {name}")
            }
            _ => name,
        }
    })
}

/// Whether a table is one that a tool would have made.
fn has_columns_of(tool: Tool, columns: &[String]) -> bool {
    let has = |column: &str| columns.iter().any(|known| known == column);
    let has_any = |wanted: &[&str]| wanted.iter().any(|column| has(column));
    match tool {
        Tool::GolangMigrate => has("version") && has("dirty"),
        Tool::Dbmate => has("version") && !has("dirty") && columns.len() == 1,
        Tool::Goose => has("version_id") && has("is_applied"),
        Tool::Sqlx => {
            has("version") && has("success") && has("checksum") && has("description") && !has("installed_rank")
        }
        Tool::Flyway => has("installed_rank") && has("version") && has("success") && has("type"),
        // One version of sql-migrate has `checksum`, too.
        Tool::SqlMigrate => {
            has("id")
                && has("applied_at")
                && columns.len() == 2 + usize::from(columns.iter().any(|one| one == "checksum"))
        }
        Tool::Numbered => {
            has_any(&["version", "name", "migration_name"])
                && !has("dirty")
                && !has("installed_rank")
                && columns.len() > 1
        }
        Tool::Sections => {
            has_any(&["version", "id", "name", "migration_name", "filename"]) && !has("dirty") && !has("installed_rank")
        }
    }
}
