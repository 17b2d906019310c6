use std::ops::Range;

use memchr::memchr;
use memchr::memmem;

/// A token of SQL text; blanks and comments are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword or an unquoted name.
    Word,
    /// `"name"`, `` `name` ``
    QuotedName,
    /// `'text'`, `E'text'`, `$$text$$`
    Text,
    Number,
    /// A single byte of anything else.
    Symbol(u8),
}

/// How a backslash in `'text'` is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backslash {
    /// As itself: standard SQL.
    Plain,
    /// It escapes the quote that follows: MySQL.
    Escapes,
}

/// Splits SQL text into tokens.
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    backslash: Backslash,
    /// A string, quoted name or comment without an end was met.
    pub(super) is_unterminated: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str, backslash: Backslash) -> Self {
        Self { text, at: 0, backslash, is_unterminated: false }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn rest(&self, at: usize) -> &'t [u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    fn skip_trivia(&mut self) {
        loop {
            match (self.byte(self.at), self.byte(self.at + 1)) {
                (b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, _) => self.at += 1,
                (b'-', b'-') => self.at += memchr(b'\n', self.rest(self.at)).unwrap_or(self.rest(self.at).len()),
                (b'/', b'*') => self.skip_block_comment(),
                _ => return,
            }
        }
    }

    /// PostgreSQL's comments nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0usize;
        while self.at < self.text.len() {
            match (self.byte(self.at), self.byte(self.at + 1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.is_unterminated = true;
    }

    /// To the end of what is quoted by `quote`, which `start` is the first byte of; a doubled quote stands for itself.
    fn quoted_end(&mut self, start: usize, quote: u8, escapes: bool) -> usize {
        let mut at = start + 1;
        while at < self.text.len() {
            match self.byte(at) {
                b'\\' if escapes => at += 2,
                byte if byte == quote && self.byte(at + 1) == quote => at += 2,
                byte if byte == quote => return at + 1,
                _ => at += 1,
            }
        }
        self.is_unterminated = true;
        self.text.len()
    }

    /// The end of `$tag$ … $tag$`; `None` where no such text begins.
    fn dollar_end(&mut self, start: usize) -> Option<usize> {
        let after = self.rest(start + 1);
        let length = after.iter().position(|byte| !is_word(*byte))?;
        if after.get(length) != Some(&b'$') || after.first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let tag = self.rest(start).get(..length + 2)?;
        let body = start + tag.len();
        if let Some(end) = memmem::find(self.rest(body), tag) {
            return Some(body + end + tag.len());
        }
        self.is_unterminated = true;
        Some(self.text.len())
    }

    fn word_end(&self, start: usize) -> usize {
        let length = self.rest(start).iter().position(|byte| !is_word(*byte) && *byte != b'$');
        length.map_or(self.text.len(), |length| start + length)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_trivia();
        let start = self.at;
        if start >= self.text.len() {
            return None;
        }
        let first = self.byte(start);
        let (kind, end) = match first {
            b'\'' => (TokenKind::Text, self.quoted_end(start, b'\'', self.backslash == Backslash::Escapes)),
            b'e' | b'E' if self.byte(start + 1) == b'\'' => (TokenKind::Text, self.quoted_end(start + 1, b'\'', true)),
            b'"' | b'`' => (TokenKind::QuotedName, self.quoted_end(start, first, false)),
            b'0'..=b'9' => (TokenKind::Number, self.word_end(start)),
            b'$' => match self.dollar_end(start) {
                Some(end) => (TokenKind::Text, end),
                None => (TokenKind::Symbol(first), start + 1),
            },
            byte if is_word(byte) => (TokenKind::Word, self.word_end(start)),
            byte => (TokenKind::Symbol(byte), start + 1),
        };
        self.at = end.min(self.text.len());
        Some(Token { kind, range: start..self.at })
    }
}
