use super::{FilledTable, RowPolicy, SquashError};
use crate::database::{Connection, VersionTableName, quote_identifier};

/// Not SQLite's own, and not what a virtual table makes for itself.
const OWN: &str = "sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> ?1
    AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')";

fn tables(connection: &mut Connection, table: &VersionTableName) -> Result<Vec<String>, SquashError> {
    let sql = format!(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND {OWN} AND sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY rowid"
    );
    Ok(connection.first_column(&sql, &[&table.name])?)
}

/// Those whose rows a module keeps, in a form of its own.
fn virtual_tables(connection: &mut Connection, table: &VersionTableName) -> Result<Vec<String>, SquashError> {
    let sql = format!("SELECT name FROM sqlite_master WHERE type = 'table' AND {OWN} AND sql LIKE 'CREATE VIRTUAL %'");
    Ok(connection.first_column(&sql, &[&table.name])?)
}

pub(super) fn filled_tables(
    connection: &mut Connection,
    table: &VersionTableName,
) -> Result<Vec<FilledTable>, SquashError> {
    let mut filled = Vec::new();
    let virtual_tables = virtual_tables(connection, table)?;
    for name in tables(connection, table)?.into_iter().chain(virtual_tables) {
        let sql = format!("SELECT CAST(count(*) AS text) FROM {}", quote_identifier(&name));
        let counted = connection.first_column(&sql, &[])?;
        let rows = counted.first().and_then(|count| count.parse().ok()).unwrap_or(0);
        if rows > 0 {
            filled.push(FilledTable { schema: None, name, rows });
        }
    }
    Ok(filled)
}

pub(super) fn statements(
    connection: &mut Connection,
    table: &VersionTableName,
    rows: RowPolicy,
) -> Result<Vec<String>, SquashError> {
    let of = |condition: &str| format!("SELECT sql FROM sqlite_master WHERE {condition} AND {OWN} ORDER BY rowid");
    let mut statements = connection.first_column(&of("type = 'table'"), &[&table.name])?;
    if rows == RowPolicy::Include {
        let module_tables = virtual_tables(connection, table)?;
        if let Some(filled) = filled_tables(connection, table)?.into_iter().find(|it| module_tables.contains(&it.name))
        {
            return Err(SquashError::VirtualRows { table: filled.name, rows: filled.rows });
        }
        let filled = tables(connection, table)?;
        let first = statements.len();
        for name in filled {
            statements.extend(inserts(connection, &name)?);
        }
        statements.extend(counters(connection)?);
        if statements.len() > first {
            // One row may name another that comes later.
            statements.insert(first, "PRAGMA defer_foreign_keys = ON".to_owned());
        }
    }
    // Triggers after the rows, which must not set them off.
    statements.extend(connection.first_column(&of("type <> 'table'"), &[&table.name])?);
    let version = "SELECT 'PRAGMA user_version = ' || user_version FROM pragma_user_version WHERE user_version <> 0";
    statements.extend(connection.first_column(version, &[])?);
    Ok(statements)
}

/// What AUTOINCREMENT has given out already, rows that are gone included.
fn counters(connection: &mut Connection) -> Result<Vec<String>, SquashError> {
    let is_there = "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'";
    if connection.first_column(is_there, &[])?.is_empty() {
        return Ok(Vec::new());
    }
    let sets = "SELECT 'INSERT INTO sqlite_sequence (name, seq) SELECT ' || quote(name) || ', 0 WHERE NOT EXISTS \
        (SELECT 1 FROM sqlite_sequence WHERE name = ' || quote(name) || ')' FROM sqlite_sequence ORDER BY name";
    let moves = "SELECT 'UPDATE sqlite_sequence SET seq = ' || seq || ' WHERE name = ' || quote(name) \
        FROM sqlite_sequence ORDER BY name";
    let mut statements = connection.first_column(sets, &[])?;
    statements.extend(connection.first_column(moves, &[])?);
    Ok(statements)
}

/// An expression for a column's value as a literal: `quote()` ends a text at its first NUL.
fn literal(column: &str) -> String {
    format!(
        "CASE WHEN typeof({column}) = 'text' AND instr({column}, char(0)) \
         THEN 'CAST(X''' || hex({column}) || ''' AS TEXT)' ELSE quote({column}) END"
    )
}

fn inserts(connection: &mut Connection, name: &str) -> Result<Vec<String>, SquashError> {
    let columns =
        connection.first_column("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY cid", &[name])?;
    let quoted: Vec<String> = columns.iter().map(|column| quote_identifier(column)).collect();
    let values: Vec<String> = quoted.iter().map(|column| literal(column)).collect();
    let begin = format!("INSERT INTO {} ({}) VALUES (", quote_identifier(name), quoted.join(", "));
    let sql = format!("SELECT ?1 || {} || ')' FROM {}", values.join(" || ', ' || "), quote_identifier(name));
    Ok(connection.first_column(&sql, &[&begin])?)
}
