use serde::Deserialize;

use super::live::{Live, Omitted, run};
use super::{FilledTable, RowPolicy, SquashError};
use crate::database::{self, Connection, DatabaseUrl, Environment, OWN_SCHEMA, VersionTableName, quote_identifier};
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
    rows: &RowPolicy,
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
    let emptied = filled.iter().filter(|table| !rows.has(table));
    let tables = emptied.map(|table| pattern(table.schema.as_deref(), &table.name));
    options.extend(tables.map(|table| format!("--exclude-table-data={table}")));
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

/// Makes the schema of a live database in another one, with the rows of some tables: tables, rows, then what builds on rows.
pub(super) fn copy(live: &Live<'_>, into: &mut Connection) -> Result<Vec<Omitted>, SquashError> {
    let mut general: Vec<String> =
        ["--no-owner", "--no-tablespaces", "--no-security-labels", "--column-inserts"].map(str::to_owned).to_vec();
    general.extend((!live.has_privileges).then(|| "--no-privileges".to_owned()));
    let mut excluded = Vec::new();
    for table in live.own {
        let schema = table.schema.as_deref().map_or_else(|| "*".to_owned(), quote_identifier);
        excluded.push(format!("--exclude-table={schema}.{}", quote_identifier(&table.name)));
    }
    let schemas = live.left_out.iter().filter_map(super::Unmanaged::schema).chain([OWN_SCHEMA]);
    excluded.extend(schemas.map(|schema| format!("--exclude-schema={}", quote_identifier(schema))));
    general.extend(excluded);
    let mut omitted = Vec::new();
    let mut part = |options: &[String]| -> Result<(), SquashError> {
        let options: Vec<String> = general.iter().chain(options).cloned().collect();
        let text = database::dump_sql(live.url, live.environment, &options)?;
        for statement in operation::statements(&text) {
            if let Some(statement) = restorable(live, &statement.sql, &mut omitted) {
                run(into, &statement)?;
            }
        }
        Ok(())
    };
    part(&["--section=pre-data".to_owned()])?;
    if !live.rows.is_empty() {
        let tables = live.rows.iter().map(|name| {
            let (schema, table) = name.split_once('.').unwrap_or((live.default, name));
            format!("--table={}.{}", quote_identifier(schema), quote_identifier(table))
        });
        part(&tables.chain(["--section=data".to_owned()]).collect::<Vec<_>>())?;
    }
    part(&["--section=post-data".to_owned()])?;
    Ok(omitted)
}

/// Beginnings of the statements by which `pg_dump` gives and takes privileges.
const PRIVILEGES: [&str; 3] = ["GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES "];

/// The privileges as `pg_dump` has them: names of the default schema without it, the role that runs this as whoever runs it.
pub(super) fn privileges(
    (url, environment): (&DatabaseUrl, &Environment),
    connection: &mut Connection,
    table: &VersionTableName,
    default: &str,
) -> Result<Vec<String>, SquashError> {
    let schema = table.schema.as_deref().map_or_else(|| "*".to_owned(), quote_identifier);
    let without = format!("--exclude-table={schema}.{}", quote_identifier(&table.name));
    let options = ["--schema-only".to_owned(), "--no-owner".to_owned(), "--no-tablespaces".to_owned(), without];
    let role = connection.first_column("SELECT pg_catalog.quote_ident(CURRENT_USER)", &[])?;
    let text = database::dump_sql(url, environment, &options)?;
    let own = role.first().map_or("", String::as_str);
    let statements = operation::statements(&text).into_iter().map(|statement| without_psql(&statement.sql));
    let kept = statements.filter(|statement| PRIVILEGES.iter().any(|begin| statement.starts_with(begin)));
    Ok(kept.map(|statement| portable(&statement, default, own)).collect())
}

/// A statement about privileges that does not name the default schema where it need not, nor the role of the dump.
fn portable(statement: &str, default: &str, role: &str) -> String {
    let mut bare = statement.to_owned();
    for before in [" ", "(", ","] {
        bare = bare.replace(&format!("{before}{}.", quote_where_needed(default)), before);
    }
    bare = bare.replacen(&format!("ALTER DEFAULT PRIVILEGES FOR ROLE {role} "), "ALTER DEFAULT PRIVILEGES ", 1);
    for word in [" TO ", " FROM "] {
        if let Some(begin) = bare.strip_suffix(&format!("{word}{role}")) {
            bare = format!("{begin}{word}CURRENT_USER");
        }
    }
    bare
}

/// Of the server or of those who run it, whatever database they are made in; a user mapping may hold a password.
const OF_THE_SERVER: [&str; 6] =
    ["PUBLICATION ", "SUBSCRIPTION ", "EVENT TRIGGER ", "USER MAPPING ", "SERVER ", "FOREIGN DATA WRAPPER "];

/// A statement of a live database's dump as it is run in a copy; `None`: it is not.
fn restorable(live: &Live<'_>, statement: &str, omitted: &mut Vec<Omitted>) -> Option<String> {
    let statement = without_psql(statement);
    let is = |beginning: &str| statement.starts_with(beginning);
    // Every name has its schema; what a materialized view calls while it is filled may count on the usual search path.
    if statement.is_empty() || is("COMMENT ON EXTENSION ") || is("SELECT pg_catalog.set_config('search_path'") {
        return None;
    }
    let object = ["CREATE ", "ALTER ", "COMMENT ON "].iter().find_map(|verb| statement.strip_prefix(verb));
    if let Some((object, kind)) = object
        .and_then(|object| OF_THE_SERVER.iter().find(|kind| object.starts_with(**kind)).map(|kind| (object, kind)))
    {
        let name = object.strip_prefix(kind).unwrap_or_default().split([' ', '\n']).next().unwrap_or_default();
        let found = Omitted { object: kind.trim_end().to_lowercase(), name: name.to_owned() };
        if *kind != "USER MAPPING " && !omitted.contains(&found) {
            omitted.push(found);
        }
        return None;
    }
    let extensions = live.left_out.iter().filter_map(super::Unmanaged::extension);
    let mut created = extensions.map(|name| format!("CREATE EXTENSION IF NOT EXISTS {} ", quote_where_needed(name)));
    if created.any(|begin| format!("{statement} ").starts_with(&begin)) {
        return None;
    }
    Some(match statement.strip_prefix("CREATE SCHEMA ") {
        Some(name) => format!("CREATE SCHEMA IF NOT EXISTS {name}"),
        None => statement,
    })
}

/// As `pg_dump` writes a name, reserved words apart.
fn quote_where_needed(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(is_plain) { name.to_owned() } else { quote_identifier(name) }
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
        None if bare.starts_with("INSERT INTO ") => with_signed_zeros(bare),
        None => bare,
    }))
}

/// `pg_dump` writes the float8 -0 as `-0`, which is the integer 0 where it is read.
fn with_signed_zeros(insert: String) -> String {
    if !insert.contains("-0") {
        return insert;
    }
    let mut signed = String::with_capacity(insert.len());
    let mut is_quoted = false;
    for (at, c) in insert.char_indices() {
        is_quoted ^= matches!(c, '\'' | '"');
        let rest = &insert[at..];
        let is_value = signed.ends_with(['(', ' ']) && (rest.starts_with("-0,") || rest.starts_with("-0)"));
        match c {
            '-' if is_value && !is_quoted => signed.push_str("'-"),
            '0' if signed.ends_with("'-") && !is_quoted => signed.push_str("0'"),
            c => signed.push(c),
        }
    }
    signed
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
    fn privileges_name_neither_the_schema_nor_the_role() {
        let bare = |statement: &str| portable(statement, "public", "me");
        let function = "GRANT ALL ON FUNCTION public.f(a public.mood, other.b) TO app";
        assert_eq!(bare(function), "GRANT ALL ON FUNCTION f(a mood, other.b) TO app");
        assert_eq!(bare("GRANT USAGE ON SCHEMA public TO app"), "GRANT USAGE ON SCHEMA public TO app");
        assert_eq!(bare("REVOKE ALL ON TABLE public.t FROM me"), "REVOKE ALL ON TABLE t FROM CURRENT_USER");
        let default = "ALTER DEFAULT PRIVILEGES FOR ROLE me IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC";
        assert_eq!(bare(default), "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC");
    }

    #[test]
    fn zeros_keep_their_sign() {
        let signed = |sql: &str| with_signed_zeros(sql.to_owned());
        assert_eq!(signed("INSERT INTO a (x, y) VALUES (-0, -0)"), "INSERT INTO a (x, y) VALUES ('-0', '-0')");
        for same in ["INSERT INTO a VALUES (-0.5, 'it''s (-0, ''-0)')", "INSERT INTO \"a (-0)\" VALUES (1)"] {
            assert_eq!(signed(same), same);
        }
    }

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
