use crate::sqlfile::{Lexicon, TokenKind, Tokens};

/// What a person is told.
pub(super) const NOTE: &str =
    "changes search_path, by which Alembic's version table is found: it is put back at the end of the file";

const KEEP: &str =
    "SELECT pg_catalog.set_config('limbec.search_path', pg_catalog.current_setting('search_path'), false);\n";
const PUT_BACK: &str =
    "SELECT pg_catalog.set_config('search_path', pg_catalog.current_setting('limbec.search_path'), false);\n";

/// Whether a statement changes search_path for what comes after it: `SET`, or pg_dump's `set_config('search_path', '', false)`.
pub(super) fn is_changed_by(sql: &str) -> bool {
    let parts = || Tokens::new(sql, Lexicon::Postgres).filter_map(|token| Some((token.kind, sql.get(token.range)?)));
    let words: Vec<String> =
        parts().filter(|(kind, _)| *kind == TokenKind::Word).take(3).map(|(_, word)| word.to_uppercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["SET", "SEARCH_PATH" | "SCHEMA", ..] | ["SET", "SESSION" | "LOCAL", "SEARCH_PATH" | "SCHEMA", ..] => true,
        ["SELECT", ..] => {
            parts().any(|(_, part)| part.eq_ignore_ascii_case("set_config"))
                && parts().any(|(kind, part)| kind == TokenKind::Text && part.eq_ignore_ascii_case("'search_path'"))
        }
        _ => false,
    }
}

/// The text between statements that keep search_path and put it back, in whatever schema they are.
pub(super) fn framed(text: &str) -> String {
    let last = Tokens::new(text, Lexicon::Postgres).last();
    let is_ended = last.is_none_or(|token| token.kind == TokenKind::Symbol(b';'));
    let line = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    let end = if is_ended { "" } else { ";\n" };
    format!("{KEEP}{text}{line}{end}{PUT_BACK}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outlives_the_statement_is_known() {
        for changes in [
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "set /* c */ search_path = a, public",
            "SET LOCAL search_path TO a",
            "SET SCHEMA 'a'",
        ] {
            assert!(is_changed_by(changes), "{changes}");
        }
        for harmless in [
            "SELECT set_config('statement_timeout', '0', false)",
            "SELECT 'search_path'",
            "SET statement_timeout = 0",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = a AS 'SELECT 1'",
        ] {
            assert!(!is_changed_by(harmless), "{harmless}");
        }
    }

    #[test]
    fn the_last_statement_is_ended() {
        for (text, expected) in [("A;\n", "A;\n"), ("A; -- c", "A; -- c\n"), ("A -- c", "A -- c\n;\n")] {
            assert_eq!(framed(text), format!("{KEEP}{expected}{PUT_BACK}"));
        }
    }
}
