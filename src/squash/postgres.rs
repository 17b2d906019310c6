use serde::Deserialize;

use super::{FilledTable, RowPolicy, SquashError};
use crate::database::{self, Connection, DatabaseUrl, Environment, VersionTableName, quote_identifier};
use crate::operation;

/// Tables that hold rows of their own, extensions' left out.
const TABLES: &str = "SELECT pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname)::text
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname";

#[derive(Deserialize)]
struct Table {
    schema: String,
    name: String,
}

impl Table {
    fn quoted(&self) -> String {
        format!("{}.{}", quote_identifier(&self.schema), quote_identifier(&self.name))
    }
}

pub(super) fn filled_tables(
    connection: &mut Connection,
    table: &VersionTableName,
    default: &str,
) -> Result<Vec<FilledTable>, SquashError> {
    let mut filled = Vec::new();
    for text in connection.first_column(TABLES, &[])? {
        let Ok(found) = serde_json::from_str::<Table>(&text) else { continue };
        let is_default = found.schema == default;
        if found.name == table.name && found.schema == table.schema.as_deref().unwrap_or(default) {
            continue;
        }
        let counted =
            connection.first_column(&format!("SELECT pg_catalog.count(*)::text FROM {}", found.quoted()), &[])?;
        let rows = counted.first().and_then(|count| count.parse().ok()).unwrap_or(0);
        if rows > 0 {
            let schema = (!is_default).then_some(found.schema);
            filled.push(FilledTable { schema, name: found.name, rows });
        }
    }
    Ok(filled)
}

/// `pg_dump` writes every name with its schema. Under a name that occurs nowhere else, the default one can be taken away again.
pub(super) fn statements(
    (url, environment): (&DatabaseUrl, &Environment),
    connection: &mut Connection,
    table: &VersionTableName,
    default: &str,
    rows: RowPolicy,
) -> Result<Vec<String>, SquashError> {
    let filled = filled_tables(connection, table, default)?;
    let unique = format!("limbec_squash_{}", uuid::Uuid::new_v4().simple());
    connection.run_script(&format!("ALTER SCHEMA {} RENAME TO {unique}", quote_identifier(default)))?;
    let pattern = |schema: Option<&str>, name: &str| {
        let schema = schema.filter(|schema| *schema != default).unwrap_or(&unique);
        format!("{}.{}", quote_identifier(schema), quote_identifier(name))
    };
    let mut options: Vec<String> =
        ["--no-owner", "--no-privileges", "--no-tablespaces", "--column-inserts"].map(str::to_owned).to_vec();
    options.push(format!("--exclude-table={}", pattern(table.schema.as_deref(), &table.name)));
    if rows == RowPolicy::LeaveOut {
        let tables = filled.iter().map(|table| pattern(table.schema.as_deref(), &table.name));
        options.extend(tables.map(|table| format!("--exclude-table-data={table}")));
    }
    let text = database::dump_sql(url, environment, &options)?;
    connection.run_script(&format!("ALTER SCHEMA {unique} RENAME TO {}", quote_identifier(default)))?;
    let mut kept = Vec::new();
    for statement in operation::statements(&text) {
        if let Some(statement) = without_schema(&statement.sql, &unique)? {
            kept.push(statement);
        }
    }
    Ok(around_routines(kept))
}

/// The schema as `pg_dump` itself would bring it back, every name with its schema, into another database.
pub(super) fn reload(
    (url, environment): (&DatabaseUrl, &Environment),
    into: &mut Connection,
) -> Result<(), SquashError> {
    let options = ["--schema-only", "--no-owner", "--no-privileges", "--no-tablespaces"].map(str::to_owned);
    let text = database::dump_sql(url, environment, &options)?;
    let mut statements = Vec::new();
    for statement in operation::statements(&text) {
        let sql = without_psql(&statement.sql);
        statements.push(match sql.strip_prefix("CREATE SCHEMA ") {
            Some(name) => format!("CREATE SCHEMA IF NOT EXISTS {name}"),
            None => sql,
        });
    }
    statements.retain(|statement| !statement.is_empty() && !statement.starts_with("COMMENT ON EXTENSION "));
    Ok(into.run_script(&statements.join(";\n"))?)
}

/// A statement without two commands of psql, which newer versions of pg_dump put around everything.
fn without_psql(statement: &str) -> String {
    let is_before = |line: &&str| line.starts_with(['\\']) || line.starts_with("--") || line.trim().is_empty();
    let lines = statement.lines().skip_while(is_before);
    lines.collect::<Vec<_>>().join("\n")
}

/// A statement of a dump as a baseline has it; `None`: it has no place there.
fn without_schema(statement: &str, unique: &str) -> Result<Option<String>, SquashError> {
    let statement = without_psql(statement);
    let is = |beginning: &str| statement.starts_with(beginning);
    let is_of_session = is("SET ") || is("SELECT pg_catalog.set_config(");
    let is_untouched_sequence = is("SELECT pg_catalog.setval(") && statement.ends_with(", false)");
    let is_of_schema = [format!("CREATE SCHEMA {unique}"), format!("COMMENT ON SCHEMA {unique} ")];
    // The comment of an extension comes with it, and only its owner may change it.
    if statement.is_empty()
        || is_of_session
        || is_untouched_sequence
        || is("COMMENT ON EXTENSION ")
        || statement == is_of_schema[0]
        || is(&is_of_schema[1])
    {
        return Ok(None);
    }
    let bare = statement.replace(&format!("{unique}."), "").replace(&format!(" WITH SCHEMA {unique}"), "");
    if bare.contains(unique) {
        let statement = bare.lines().next().unwrap_or_default().replace(unique, "…");
        return Err(SquashError::NamesSchema { statement });
    }
    // env.py may have made it.
    Ok(Some(match bare.strip_prefix("CREATE SCHEMA ") {
        Some(name) => format!("CREATE SCHEMA IF NOT EXISTS {name}"),
        None => bare,
    }))
}

/// A routine may name what is made after it.
fn around_routines(statements: Vec<String>) -> Vec<String> {
    let is_routine =
        |statement: &String| ["CREATE FUNCTION ", "CREATE PROCEDURE "].iter().any(|begin| statement.starts_with(begin));
    if !statements.iter().any(is_routine) {
        return statements;
    }
    let switch = |value: &str| format!("SET LOCAL check_function_bodies = {value}");
    std::iter::once(switch("off")).chain(statements).chain([switch("on")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_schema_and_nothing_else_does() {
        let bare = |statement: &str| without_schema(statement, "u1").unwrap_or_else(|error| Some(error.to_string()));
        assert_eq!(bare("\\restrict abc\n\n-- Dumped\n\nSET statement_timeout = 0"), None);
        assert_eq!(bare("\\unrestrict abc"), None);
        assert_eq!(bare("CREATE SCHEMA u1"), None);
        assert_eq!(bare("CREATE SCHEMA app").as_deref(), Some("CREATE SCHEMA IF NOT EXISTS app"));
        assert_eq!(bare("SELECT pg_catalog.setval('u1.a_id_seq', 1, false)"), None);
        let sequence = "SELECT pg_catalog.setval('u1.a_id_seq', 3, true)";
        assert_eq!(bare(sequence).as_deref(), Some("SELECT pg_catalog.setval('a_id_seq', 3, true)"));
        let extension = "CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA u1";
        assert_eq!(bare(extension).as_deref(), Some("CREATE EXTENSION IF NOT EXISTS citext"));
        let named = bare("CREATE PUBLICATION p FOR TABLES IN SCHEMA u1").unwrap();
        assert!(named.ends_with("in this statement: CREATE PUBLICATION p FOR TABLES IN SCHEMA …"), "{named}");
    }
}
