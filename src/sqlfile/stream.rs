use std::io::{self, BufRead};

use super::input::Input;
use super::lexer::{Lexicon, Scanner, Stop, TokenKind};

/// Goes through the tokens of a file of any size, of which one at a time is in memory. `each` is told of every token its kind, its
/// bytes, and whether it follows the one before without anything between. What does not end is a token up to the end of the file.
///
/// # Errors
/// The file cannot be read.
pub fn stream_tokens(
    reader: impl BufRead,
    lexicon: Lexicon,
    mut each: impl FnMut(TokenKind, &[u8], bool),
) -> io::Result<()> {
    let mut input = Input::new(reader);
    let mut at = 0;
    // The end of the last token, as long as nothing is known to follow it.
    let mut last = None;
    loop {
        let unread = input.unread();
        let mut scanner = Scanner::new(unread, input.is_last(), lexicon, at);
        let found = scanner.next_token();
        at = scanner.at;
        match found {
            Ok(Some(token)) => {
                let bytes = unread.get(token.range.clone()).unwrap_or_default();
                each(token.kind, bytes, last == Some(token.range.start));
                last = Some(token.range.end);
            }
            Ok(None) => return Ok(()),
            Err(Stop::Unterminated { at, .. }) => {
                each(TokenKind::Text, unread.get(at..).unwrap_or_default(), false);
                return Ok(());
            }
            Err(Stop::More) => {
                let length = unread.len().saturating_sub(at);
                input.consume(at);
                last = last.filter(|end| *end == at).map(|_| 0);
                at = 0;
                input.fill(length)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(String, bool)> {
        let mut found = Vec::new();
        stream_tokens(text.as_bytes(), Lexicon::Postgres, |_, bytes, touches| {
            found.push((String::from_utf8_lossy(bytes).into_owned(), touches));
        })
        .unwrap();
        found
    }

    #[test]
    fn tokens_come_as_they_are_written() {
        let shown: Vec<String> =
            tokens("a <>-b /* c */ 'd -- e' $$f$$ -- g\n;").into_iter().map(|(text, _)| text).collect();
        assert_eq!(shown, ["a", "<", ">", "-", "b", "'d -- e'", "$$f$$", ";"]);
        let touching: Vec<bool> = tokens("a <>- b").into_iter().map(|(_, touches)| touches).collect();
        assert_eq!(touching, [false, false, true, true, false]);
        assert_eq!(tokens("a 'b").len(), 2);
    }

    #[test]
    fn long_files_are_read_in_pieces() {
        let text = format!("{} INSERT INTO t VALUES ('{}');", " ".repeat(300_000), "x".repeat(700_000));
        let found = tokens(&text);
        assert_eq!(found.len(), 8);
        assert_eq!(found[5].0.len(), 700_002);
        let many = "ab+".repeat(100_000);
        assert!(tokens(&many).iter().skip(1).all(|(_, touches)| *touches));
    }
}
