//! The reader of SQL files on any bytes: it does not panic, finds the same statements however the bytes arrive, and what it
//! leaves out between them has no token.

#![no_main]

use std::num::NonZeroUsize;

use libfuzzer_sys::fuzz_target;
use limbec::sqlfile::{Directives, FileStatement, Lexicon, SqlDialect, StatementReader, TokenKind, Tokens, Variables};

fuzz_target!(|input: (u8, &[u8])| {
    let (chunk, bytes) = input;
    let _ = Directives::read(bytes);
    for (dialect, lexicon) in [(SqlDialect::Postgres, Lexicon::Postgres), (SqlDialect::Sqlite, Lexicon::Sqlite)] {
        let whole = read(bytes, dialect, bytes.len() + 1);
        assert_eq!(read(bytes, dialect, usize::from(chunk) + 1), whole, "{} bytes at once", usize::from(chunk) + 1);
        let (statements, fails) = whole;
        if let (false, Ok(text)) = (fails, std::str::from_utf8(bytes)) {
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let parts: Vec<&str> = statements.iter().flat_map(|one| tokens(&one.text, lexicon)).collect();
            assert_eq!(parts, tokens(text, lexicon));
        }
    }
});

/// The statements, and whether an error follows: which of several is met first depends on what has been read.
fn read(bytes: &[u8], dialect: SqlDialect, chunk: usize) -> (Vec<FileStatement>, bool) {
    let chunk = NonZeroUsize::new(chunk).expect("one more than nothing");
    let reader = StatementReader::new(bytes, dialect, &Variables::default()).reading_at_once(chunk);
    let mut fails = false;
    let found = reader.map_while(|one| one.map_err(|_| fails = true).ok()).collect();
    (found, fails)
}

fn tokens(text: &str, lexicon: Lexicon) -> Vec<&str> {
    let tokens = Tokens::new(text, lexicon).filter(|token| token.kind != TokenKind::Symbol(b';'));
    tokens.map(|token| text.get(token.range).expect("a part of the text")).collect()
}
