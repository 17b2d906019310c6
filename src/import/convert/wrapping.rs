use std::ops::Range;

use crate::sqlfile::{Lexicon, SqlDialect, Token, TokenKind, Tokens};

/// A text without the transaction that was around it.
pub(super) struct Unwrapped {
    pub(super) text: String,
    /// What is not there any more: "BEGIN … COMMIT".
    pub(super) removed: String,
}

/// Takes `BEGIN` at the very beginning and `COMMIT` at the very end off a text; `None` where there are none such. Lines stay where they are.
pub(super) fn unwrapped(text: &str, dialect: SqlDialect) -> Option<Unwrapped> {
    let lexicon = if dialect == SqlDialect::Sqlite { Lexicon::Sqlite } else { Lexicon::Postgres };
    let tokens: Vec<Token> = Tokens::new(text, lexicon).collect();
    let is_end = |token: &Token| token.kind == TokenKind::Symbol(b';');
    let first = tokens.iter().position(is_end)?;
    let begin = statement(text, tokens.get(..first)?)?;
    // An isolation level or READ ONLY is more than a beginning.
    if !matches!(
        begin.as_slice(),
        ["BEGIN"]
            | ["BEGIN", "TRANSACTION" | "WORK" | "IMMEDIATE" | "EXCLUSIVE" | "DEFERRED"]
            | ["START", "TRANSACTION"]
            | ["BEGIN", "IMMEDIATE" | "EXCLUSIVE" | "DEFERRED", "TRANSACTION"]
    ) {
        return None;
    }
    let end = if tokens.last().is_some_and(is_end) { tokens.len() - 1 } else { tokens.len() };
    let last = tokens.get(..end)?.iter().rposition(is_end)?;
    let commit = statement(text, tokens.get(last + 1..end)?)?;
    if !matches!(commit.as_slice(), ["COMMIT" | "END"] | ["COMMIT" | "END", "TRANSACTION" | "WORK"]) {
        return None;
    }
    let opening = tokens.first()?.range.start..tokens.get(first)?.range.end;
    let closing = tokens.get(last + 1)?.range.start..tokens.last()?.range.end;
    let text = without(text, &[opening, closing]);
    Some(Unwrapped { text, removed: format!("{} … {}", begin.join(" "), commit.join(" ")) })
}

/// The words of a statement that has nothing but words.
fn statement<'t>(text: &'t str, tokens: &[Token]) -> Option<Vec<&'t str>> {
    const KNOWN: [&str; 10] =
        ["BEGIN", "START", "TRANSACTION", "WORK", "IMMEDIATE", "EXCLUSIVE", "DEFERRED", "COMMIT", "END", "ROLLBACK"];
    let known = |token: &Token| {
        let word = text.get(token.range.clone()).filter(|_| token.kind == TokenKind::Word)?;
        KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(word))
    };
    tokens.iter().map(known).collect()
}

fn without(text: &str, ranges: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for range in ranges {
        kept.push_str(text.get(from..range.start).unwrap_or_default());
        // Whatever lines it went over are still lines.
        kept.extend(text.get(range.clone()).unwrap_or_default().chars().filter(|letter| *letter == '\n'));
        from = range.end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        unwrapped(text, SqlDialect::Postgres).map(|unwrapped| unwrapped.text)
    }

    #[test]
    fn only_what_is_around_everything_is_taken_off() {
        assert_eq!(of("-- a\nBEGIN;\nSELECT 1;\nCOMMIT;\n-- b\n").unwrap(), "-- a\n\nSELECT 1;\n\n-- b\n");
        assert_eq!(of("start\ntransaction; SELECT 1; commit work").unwrap(), "\n SELECT 1; ");
        assert_eq!(of("BEGIN; END;").unwrap(), " ");
        for kept in [
            "SELECT 1; COMMIT;",
            "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT;",
            "BEGIN; SELECT 1; ROLLBACK;",
            "BEGIN; SELECT 1;",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END;",
            "BEGIN",
            "",
        ] {
            assert_eq!(of(kept), None, "{kept}");
        }
    }
}
