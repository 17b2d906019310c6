use std::fmt;

use super::error::DatabaseError;

/// Which table holds the heads: `version_table`, `version_table_schema` and `version_table_pk` of `context.configure`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionTableName {
    /// `version_table`
    pub name: String,
    /// `version_table_schema`; `None` means the search path (PostgreSQL) or `main` (SQLite).
    pub schema: Option<String>,
    /// `version_table_pk`: whether a table made by us gets the primary key `<name>_pkc`.
    pub primary_key: bool,
}

impl Default for VersionTableName {
    fn default() -> Self {
        Self { name: "alembic_version".to_owned(), schema: None, primary_key: true }
    }
}

/// PostgreSQL's NAMEDATALEN less one; a longer name would be cut silently and never be found again.
const POSTGRES_NAME_BYTES: usize = 63;

const PRIMARY_KEY_SUFFIX: &str = "_pkc";

impl VersionTableName {
    /// A table of this name on the search path, with its primary key.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same table in a schema.
    #[must_use]
    pub fn in_schema(mut self, schema: Option<String>) -> Self {
        self.schema = schema;
        self
    }

    /// The name as SQL, always quoted.
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote_identifier(schema), quote_identifier(&self.name)),
            None => quote_identifier(&self.name),
        }
    }

    /// Alembic's `CREATE TABLE` (`DefaultImpl.version_table_impl`) for PostgreSQL, with quotes.
    pub fn create_statement(&self) -> String {
        let constraint = if self.primary_key {
            // PostgreSQL would cut a longer name to that of the table itself, and its index could not be made.
            let kept = self.name.floor_char_boundary(POSTGRES_NAME_BYTES - PRIMARY_KEY_SUFFIX.len());
            let name = quote_identifier(&format!("{}{PRIMARY_KEY_SUFFIX}", &self.name[..kept]));
            format!(", CONSTRAINT {name} PRIMARY KEY (version_num)")
        } else {
            String::new()
        };
        format!("CREATE TABLE {} (version_num VARCHAR(32) NOT NULL{constraint})", self.quoted())
    }

    /// The same statement in SQLAlchemy's very characters: SQLite keeps the text and shows it in `.schema`.
    pub fn create_statement_like_sqlalchemy(&self) -> String {
        let schema =
            self.schema.as_deref().map(|schema| format!("{}.", quote_where_needed(schema))).unwrap_or_default();
        let mut out =
            format!("CREATE TABLE {schema}{} (\n\tversion_num VARCHAR(32) NOT NULL", quote_where_needed(&self.name));
        if self.primary_key {
            let constraint = quote_where_needed(&format!("{}{PRIMARY_KEY_SUFFIX}", self.name));
            out.push_str(&format!(", \n\tCONSTRAINT {constraint} PRIMARY KEY (version_num)"));
        }
        out.push_str("\n)");
        out
    }

    /// `schema.table`, as far as that needs no quotes.
    pub fn dotted(&self) -> String {
        self.schema.as_ref().map_or_else(|| self.name.clone(), |schema| format!("{schema}.{}", self.name))
    }

    /// Whether no dialect of SQLAlchemy puts quotes around its names: letters and underscores, and no word that may be reserved.
    pub fn is_plain(&self) -> bool {
        let is_plain = |name: &String| {
            name.contains('_')
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                && !name.starts_with('_')
        };
        let is_usual = |schema: &String| schema == "public" || is_plain(schema);
        is_plain(&self.name) && self.schema.as_ref().is_none_or(is_usual)
    }

    /// Refuses names that no statement can carry.
    pub(super) fn check(&self, limit: NameLimit) -> Result<(), DatabaseError> {
        for name in std::iter::once(&self.name).chain(&self.schema) {
            if name.is_empty() || name.contains('\0') {
                return Err(DatabaseError::InvalidName { name: name.clone(), reason: "is empty or has a NUL in it" });
            }
            if matches!(limit, NameLimit::Postgres) && name.len() > POSTGRES_NAME_BYTES {
                return Err(DatabaseError::InvalidName {
                    name: name.clone(),
                    reason: "is longer than PostgreSQL's 63 bytes",
                });
            }
        }
        Ok(())
    }
}

impl fmt::Display for VersionTableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// Whose limit on the length of names holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum NameLimit {
    Postgres,
    None,
}

/// A name as SQL: in double quotes, inner ones doubled (PostgreSQL and SQLite alike).
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// SQLAlchemy's `_requires_quotes` for SQLite.
fn quote_where_needed(name: &str) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'$')
        && !name.starts_with(|c: char| c.is_ascii_digit() || c == '$')
        && SQLITE_RESERVED_WORDS.binary_search(&name).is_err();
    if plain { name.to_owned() } else { quote_identifier(name) }
}

/// The words that SQLAlchemy quotes for SQLite, sorted.
#[rustfmt::skip]
const SQLITE_RESERVED_WORDS: [&str; 117] = [
    "add", "after", "all", "alter", "analyze", "and", "as", "asc", "attach", "autoincrement", "before", "begin",
    "between", "by", "cascade", "case", "cast", "check", "collate", "column", "commit", "conflict", "constraint",
    "create", "cross", "current_date", "current_time", "current_timestamp", "database", "default", "deferrable",
    "deferred", "delete", "desc", "detach", "distinct", "drop", "each", "else", "end", "escape", "except",
    "exclusive", "exists", "explain", "fail", "false", "for", "foreign", "from", "full", "glob", "group", "having",
    "if", "ignore", "immediate", "in", "index", "indexed", "initially", "inner", "insert", "instead", "intersect",
    "into", "is", "isnull", "join", "key", "left", "like", "limit", "match", "natural", "not", "notnull", "null",
    "of", "offset", "on", "or", "order", "outer", "plan", "pragma", "primary", "query", "raise", "references",
    "reindex", "rename", "replace", "restrict", "right", "rollback", "row", "select", "set", "table", "temp",
    "temporary", "then", "to", "transaction", "trigger", "true", "union", "unique", "update", "using", "vacuum",
    "values", "view", "virtual", "when", "where",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_in_every_place() {
        let table = VersionTableName::new("a\"b").in_schema(Some("s.t".into()));
        assert_eq!(
            table.create_statement(),
            "CREATE TABLE \"s.t\".\"a\"\"b\" (version_num VARCHAR(32) NOT NULL, \
             CONSTRAINT \"a\"\"b_pkc\" PRIMARY KEY (version_num))"
        );
    }

    #[test]
    fn a_name_that_postgres_would_cut_is_refused() {
        assert!(VersionTableName::new("é".repeat(32)).check(NameLimit::Postgres).is_err());
        assert!(VersionTableName::new("é".repeat(32)).check(NameLimit::None).is_ok());
        assert!(VersionTableName::new("e".repeat(63)).check(NameLimit::Postgres).is_ok());
    }
}
