use crate::sqlfile::{Lexicon, SqlDialect, TokenKind, Tokens};

/// Words enough to know a statement by.
const WORDS: usize = 24;

/// The beginning of a statement that the database refuses within a transaction, by which it is known.
pub(super) fn needs_no_transaction(sql: &str, dialect: SqlDialect) -> Option<&'static str> {
    let lexicon = if dialect == SqlDialect::Sqlite { Lexicon::Sqlite } else { Lexicon::Postgres };
    let tokens = Tokens::new(sql, lexicon).take(WORDS).filter(|token| token.kind == TokenKind::Word);
    let words: Vec<String> = tokens.filter_map(|token| Some(sql.get(token.range)?.to_uppercase())).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let is_concurrent = words.contains(&"CONCURRENTLY");
    match (dialect, words.as_slice()) {
        (_, ["VACUUM", ..]) => Some("VACUUM"),
        (SqlDialect::Sqlite, ["PRAGMA", "JOURNAL_MODE", _, ..]) => Some("PRAGMA journal_mode"),
        (SqlDialect::Sqlite, _) => None,
        (_, ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..]) => {
            Some("CREATE INDEX CONCURRENTLY")
        }
        (_, ["DROP", "INDEX", "CONCURRENTLY", ..]) => Some("DROP INDEX CONCURRENTLY"),
        (_, ["REINDEX", ..]) if is_concurrent => Some("REINDEX CONCURRENTLY"),
        (_, ["ALTER", "TABLE", .., "CONCURRENTLY"]) if words.contains(&"DETACH") => {
            Some("DETACH PARTITION CONCURRENTLY")
        }
        (_, ["ALTER", "SYSTEM", ..]) => Some("ALTER SYSTEM"),
        (_, ["CREATE" | "DROP", "DATABASE", ..]) => Some("a statement about databases"),
        (_, ["CREATE" | "DROP", "TABLESPACE", ..]) => Some("a statement about tablespaces"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_postgresql_refuses_in_a_transaction_is_known() {
        let is_known = |sql| needs_no_transaction(sql, SqlDialect::Postgres);
        assert_eq!(is_known("create unique index concurrently a on t (b)"), Some("CREATE INDEX CONCURRENTLY"));
        assert_eq!(is_known("/* c */ DROP INDEX CONCURRENTLY IF EXISTS a"), Some("DROP INDEX CONCURRENTLY"));
        assert_eq!(is_known("ALTER TABLE t DETACH PARTITION p CONCURRENTLY"), Some("DETACH PARTITION CONCURRENTLY"));
        for harmless in
            ["CREATE INDEX a ON concurrently (b)", "ALTER TABLE t ADD b int", "COMMENT ON TABLE vacuum IS 'VACUUM'"]
        {
            assert_eq!(is_known(harmless), None, "{harmless}");
        }
        let of_sqlite = |sql| needs_no_transaction(sql, SqlDialect::Sqlite);
        assert_eq!(of_sqlite("vacuum"), Some("VACUUM"));
        assert_eq!(of_sqlite("PRAGMA journal_mode = WAL"), Some("PRAGMA journal_mode"));
        assert_eq!(of_sqlite("PRAGMA journal_mode"), None);
    }
}
