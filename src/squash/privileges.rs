//! What revisions say about privileges, owners and roles, which the dump of a schema does not have by itself.

use std::path::PathBuf;
use std::sync::LazyLock;

use regex::Regex;

use crate::operation::{Body, Operation};
use crate::script::RevisionFile;

/// A statement of a revision about who may do what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PrivilegeStatement {
    /// The file that it is in.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// How it begins: `GRANT`, `ALTER … OWNER`.
    pub what: &'static str,
    /// Whether `pg_dump` knows it: roles belong to the server, and the owner of a dump is whoever runs it.
    pub is_kept: bool,
}

/// What it is, how it looks, and whether a dump may have it.
static KINDS: LazyLock<Vec<(&'static str, Regex, bool)>> = LazyLock::new(|| {
    let kinds = [
        ("ALTER DEFAULT PRIVILEGES", r"ALTER\s+DEFAULT\s+PRIVILEGES\b", true),
        ("GRANT", r"GRANT\s[^;]*?\sON\s[^;]*?\sTO\s", true),
        ("REVOKE", r"REVOKE\s[^;]*?\sON\s[^;]*?\sFROM\s", true),
        ("GRANT of a role", r"GRANT\s[^;]*?\sTO\s", false),
        ("REVOKE of a role", r"REVOKE\s[^;]*?\sFROM\s", false),
        ("ALTER … OWNER", r"ALTER\s[^;]*?\sOWNER\s+TO\s", false),
        ("REASSIGN OWNED", r"REASSIGN\s+OWNED\b", false),
        ("a role", r"(?:CREATE|ALTER|DROP)\s+(?:ROLE|GROUP|USER\s+(?:[^M\s]|M[^A]))", false),
        ("ALTER DATABASE", r"ALTER\s+DATABASE\b", false),
        ("ALTER SYSTEM", r"ALTER\s+SYSTEM\b", false),
        ("COMMENT ON DATABASE", r"COMMENT\s+ON\s+(?:DATABASE|ROLE)\b", false),
    ];
    let compiled = |(what, pattern, is_kept)| Some((what, Regex::new(&format!("(?is)\\b{pattern}")).ok()?, is_kept));
    kinds.into_iter().filter_map(compiled).collect()
});

/// The statements about privileges in what a body does, each once. Where SQL is computed, its text is searched.
pub fn privilege_statements(file: &RevisionFile, body: &Body) -> Vec<PrivilegeStatement> {
    let mut found = Vec::new();
    for Operation { sql, range, .. } in &body.operations {
        found.extend(sql.as_deref().and_then(kind).map(|kind| (range.start, kind)));
    }
    for call in &body.not_analysed {
        let text = file.text().get(call.range.clone()).unwrap_or_default();
        let kinds = KINDS.iter().find(|(_, pattern, _)| pattern.is_match(text));
        found.extend(kinds.map(|(what, _, is_kept)| (call.range.start, (*what, *is_kept))));
    }
    let mut statements: Vec<PrivilegeStatement> = found
        .into_iter()
        .map(|(at, (what, is_kept))| {
            let (line, _) = file.position(at);
            PrivilegeStatement { path: file.path_at(at).to_owned(), line, what, is_kept }
        })
        .collect();
    statements.sort();
    statements.dedup();
    statements
}

/// What a statement is, by its beginning; a DO block by what is anywhere in it.
fn kind(sql: &str) -> Option<(&'static str, bool)> {
    let begin = sql.trim_start();
    let is_block = begin.get(..2).is_some_and(|word| word.eq_ignore_ascii_case("do"));
    let matches = |pattern: &Regex| pattern.find(begin).is_some_and(|found| is_block || found.start() == 0);
    KINDS.iter().find(|(_, pattern, _)| matches(pattern)).map(|(what, _, is_kept)| (*what, *is_kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_told_by_how_they_begin() {
        let what = |sql| kind(sql).map(|(what, _)| what);
        assert_eq!(what("grant select on t to public"), Some("GRANT"));
        assert_eq!(what("GRANT app\n TO bob"), Some("GRANT of a role"));
        assert_eq!(what("REVOKE ALL ON FUNCTION f() FROM PUBLIC"), Some("REVOKE"));
        assert_eq!(what("ALTER TABLE t OWNER TO app"), Some("ALTER … OWNER"));
        assert_eq!(what("DO $$ BEGIN GRANT SELECT ON t TO app; END $$"), Some("GRANT"));
        assert_eq!(what("CREATE USER app"), Some("a role"));
        assert_eq!(
            what("ALTER DEFAULT PRIVILEGES IN SCHEMA a GRANT SELECT ON TABLES TO b"),
            Some("ALTER DEFAULT PRIVILEGES")
        );
        assert_eq!(what("CREATE USER MAPPING FOR a SERVER s"), None);
        assert_eq!(what("INSERT INTO t VALUES ('GRANT a ON b TO c ')"), None);
    }
}
