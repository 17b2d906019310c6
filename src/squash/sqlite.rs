use super::live::{Live, run};
use super::{FilledTable, RowPolicy, SquashError};
use crate::database::{Connection, quote_identifier};

/// Neither SQLite's own, nor what a virtual table makes for itself, nor of the tables that `?1` names as a JSON array.
const OWN: &str = "sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND tbl_name NOT IN (SELECT value FROM json_each(?1))
    AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')";

fn json(names: &[&str]) -> String {
    serde_json::Value::from(names).to_string()
}

fn tables(connection: &mut Connection, without: &[&str]) -> Result<Vec<String>, SquashError> {
    let sql = format!(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND {OWN} AND sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY rowid"
    );
    Ok(connection.first_column(&sql, &[&json(without)])?)
}

/// Those whose rows a module keeps, in a form of its own.
fn virtual_tables(connection: &mut Connection, without: &[&str]) -> Result<Vec<String>, SquashError> {
    let sql = format!("SELECT name FROM sqlite_master WHERE type = 'table' AND {OWN} AND sql LIKE 'CREATE VIRTUAL %'");
    Ok(connection.first_column(&sql, &[&json(without)])?)
}

pub(super) fn filled_tables(connection: &mut Connection, without: &[&str]) -> Result<Vec<FilledTable>, SquashError> {
    let mut filled = Vec::new();
    let virtual_tables = virtual_tables(connection, without)?;
    for name in tables(connection, without)?.into_iter().chain(virtual_tables) {
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
    without: &[&str],
    rows: &RowPolicy,
) -> Result<Vec<String>, SquashError> {
    let of = |condition: &str| format!("SELECT sql FROM sqlite_master WHERE {condition} AND {OWN} ORDER BY rowid");
    let mut statements = connection.first_column(&of("type = 'table'"), &[&json(without)])?;
    if *rows != RowPolicy::LeaveOut {
        let module_tables = virtual_tables(connection, without)?;
        let filled: Vec<FilledTable> =
            filled_tables(connection, without)?.into_iter().filter(|table| rows.has(table)).collect();
        if let Some(filled) = filled.iter().find(|table| module_tables.contains(&table.name)) {
            return Err(SquashError::VirtualRows { table: filled.name.clone(), rows: filled.rows });
        }
        let first = statements.len();
        for table in &filled {
            statements.extend(inserts(connection, &table.name)?);
        }
        statements.extend(counters(connection, rows)?);
        if statements.len() > first {
            // One row may name another that comes later.
            statements.insert(first, "PRAGMA defer_foreign_keys = ON".to_owned());
        }
    }
    // Triggers after the rows, which must not set them off.
    statements.extend(connection.first_column(&of("type <> 'table'"), &[&json(without)])?);
    let version = "SELECT 'PRAGMA user_version = ' || user_version FROM pragma_user_version WHERE user_version <> 0";
    statements.extend(connection.first_column(version, &[])?);
    Ok(statements)
}

/// What AUTOINCREMENT has given out already, rows that are gone included.
fn counters(connection: &mut Connection, rows: &RowPolicy) -> Result<Vec<String>, SquashError> {
    let is_there = "SELECT name FROM sqlite_master WHERE name = 'sqlite_sequence'";
    if connection.first_column(is_there, &[])?.is_empty() {
        return Ok(Vec::new());
    }
    let sets = "SELECT 'INSERT INTO sqlite_sequence (name, seq) SELECT ' || quote(name) || ', 0 WHERE NOT EXISTS \
        (SELECT 1 FROM sqlite_sequence WHERE name = ' || quote(name) || ')' FROM sqlite_sequence";
    let moves =
        "SELECT 'UPDATE sqlite_sequence SET seq = ' || seq || ' WHERE name = ' || quote(name) FROM sqlite_sequence";
    let (condition, parameter) = match rows {
        RowPolicy::Of(tables) => {
            let names: Vec<&str> = tables.iter().map(String::as_str).collect();
            (" WHERE name IN (SELECT value FROM json_each(?1))", vec![json(&names)])
        }
        _ => ("", Vec::new()),
    };
    let parameters: Vec<&str> = parameter.iter().map(String::as_str).collect();
    let mut statements = Vec::new();
    for sql in [sets, moves] {
        statements.extend(connection.first_column(&format!("{sql}{condition} ORDER BY name"), &parameters)?);
    }
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

/// Makes the schema of a live database in another one.
pub(super) fn copy(live: &Live<'_>, connection: &mut Connection, into: &mut Connection) -> Result<(), SquashError> {
    let own: Vec<&str> = live.own.iter().map(|table| table.name.as_str()).collect();
    let rows = RowPolicy::Of(live.rows.clone());
    for statement in statements(connection, &own, &rows)? {
        run(into, &statement)?;
    }
    Ok(())
}
