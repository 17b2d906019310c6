use std::ops::Range;

use memchr::{memchr, memchr2, memmem};

use super::error::Opened;

/// A token of SQL text; blanks and comments are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    /// Of bytes.
    pub range: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A keyword or an unquoted name; also the letter before `B'…'` and its like, which is joined with the text for `E'…'` alone.
    Word,
    /// `"name"`, `` `name` ``, `[name]`
    QuotedName,
    /// `'text'`, `E'text'`
    Text,
    /// `$tag$text$tag$`; `tag` is the length of `$tag$`.
    DollarQuoted {
        tag: usize,
    },
    Number,
    /// `${…}`; what is malformed ends where it stops to look like one.
    Variable,
    /// A single byte of anything else.
    Symbol(u8),
}

/// Whose tokens a text has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lexicon {
    /// PostgreSQL's, and limbec's variables.
    Postgres,
    /// SQLite's, and limbec's variables.
    Sqlite,
    /// Of an unknown database: PostgreSQL's, and names in backticks.
    Any,
    /// As `Any`, with backslashes that escape in every string: MySQL.
    AnyWithBackslashes,
}

impl Lexicon {
    fn has_variables(self) -> bool {
        matches!(self, Self::Postgres | Self::Sqlite)
    }

    fn quotes_name(self, byte: u8) -> bool {
        match byte {
            b'"' => true,
            b'`' => self != Self::Postgres,
            b'[' => self == Self::Sqlite,
            _ => false,
        }
    }
}

/// Why there is no next token.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end within a token (or within what decides where it ends), and are not the last.
    More,
    /// The last bytes end within what `at` is the first byte of.
    Unterminated { opened: Opened, at: usize },
}

/// Finds tokens in bytes that may be the first part of a longer text.
pub(super) struct Scanner<'b> {
    bytes: &'b [u8],
    /// Nothing follows `bytes`.
    is_last: bool,
    lexicon: Lexicon,
    /// What is before it has been dealt with: tokens that were returned, and the blanks and comments behind them.
    pub(super) at: usize,
}

impl<'b> Scanner<'b> {
    pub(super) fn new(bytes: &'b [u8], is_last: bool, lexicon: Lexicon, at: usize) -> Self {
        Self { bytes, is_last, lexicon, at }
    }

    /// The token behind blanks and comments; `None` at the end of the text.
    pub(super) fn next_token(&mut self) -> Result<Option<Token>, Stop> {
        self.skip_trivia()?;
        let start = self.at;
        let Some(first) = self.byte(start)? else { return Ok(None) };
        let (kind, end) = match first {
            b'\'' => (TokenKind::Text, self.quoted_end(start, b'\'', self.lexicon == Lexicon::AnyWithBackslashes)?),
            b'e' | b'E' if self.lexicon != Lexicon::Sqlite && self.byte(start + 1)? == Some(b'\'') => {
                (TokenKind::Text, self.escape_text_end(start + 1)?)
            }
            b'"' | b'`' | b'[' if self.lexicon.quotes_name(first) => {
                (TokenKind::QuotedName, self.quoted_end(start, first, false)?)
            }
            b'0'..=b'9' => (TokenKind::Number, self.run_end(start, WORD)?),
            b'$' => self.dollar(start)?,
            byte if is_word(byte) => (TokenKind::Word, self.word_end(start)?),
            byte => (TokenKind::Symbol(byte), start + 1),
        };
        self.at = end;
        Ok(Some(Token { kind, range: start..end }))
    }

    /// `None` behind the last byte.
    fn byte(&self, at: usize) -> Result<Option<u8>, Stop> {
        match self.bytes.get(at) {
            Some(byte) => Ok(Some(*byte)),
            None if self.is_last => Ok(None),
            None => Err(Stop::More),
        }
    }

    fn rest(&self, at: usize) -> &'b [u8] {
        self.bytes.get(at..).unwrap_or_default()
    }

    fn skip_trivia(&mut self) -> Result<(), Stop> {
        loop {
            match self.byte(self.at)? {
                Some(byte) if is_space(byte) => self.at += 1,
                Some(b'-') if self.byte(self.at + 1)? == Some(b'-') => self.at = self.line_end(self.at)?,
                Some(b'/') if self.byte(self.at + 1)? == Some(b'*') => self.at = self.block_comment_end(self.at)?,
                _ => return Ok(()),
            }
        }
    }

    /// The end of a `--` comment; PostgreSQL also takes a lone carriage return for an end of line.
    fn line_end(&self, start: usize) -> Result<usize, Stop> {
        let rest = self.rest(start);
        let found = if self.lexicon == Lexicon::Postgres { memchr2(b'\n', b'\r', rest) } else { memchr(b'\n', rest) };
        match found {
            Some(length) => Ok(start + length),
            None if self.is_last => Ok(self.bytes.len()),
            None => Err(Stop::More),
        }
    }

    fn block_comment_end(&self, start: usize) -> Result<usize, Stop> {
        let mut at = start + 2;
        let mut depth = 1usize;
        // SQLite's do not nest.
        let opens = if self.lexicon == Lexicon::Sqlite { b'*' } else { b'/' };
        while let Some(found) = memchr2(b'*', opens, self.rest(at)) {
            at += found;
            match (self.byte(at)?, self.byte(at + 1)?) {
                (Some(b'*'), Some(b'/')) => depth -= 1,
                (Some(b'/'), Some(b'*')) => depth += 1,
                _ => {
                    at += 1;
                    continue;
                }
            }
            at += 2;
            if depth == 0 {
                return Ok(at);
            }
        }
        Err(self.cut_short(Opened::Comment, start))
    }

    fn cut_short(&self, opened: Opened, at: usize) -> Stop {
        if self.is_last { Stop::Unterminated { opened, at } } else { Stop::More }
    }

    /// To the end of what is quoted by `quote`, which `start` is the place of; a doubled quote stands for itself.
    fn quoted_end(&self, start: usize, quote: u8, escapes: bool) -> Result<usize, Stop> {
        let closing = if quote == b'[' { b']' } else { quote };
        let mut at = start + 1;
        loop {
            let rest = self.rest(at);
            let found = if escapes { memchr2(closing, b'\\', rest) } else { memchr(closing, rest) };
            let Some(found) = found else {
                let opened = if quote == b'\'' { Opened::Text } else { Opened::QuotedName };
                return Err(self.cut_short(opened, start));
            };
            at += found;
            let is_escape = escapes && rest.get(found) == Some(&b'\\');
            if !is_escape && (quote == b'[' || self.byte(at + 1)? != Some(closing)) {
                return Ok(at + 1);
            }
            at += 2;
        }
    }

    /// Of `E'…'`, with what continues it on further lines: backslashes escape there, too.
    fn escape_text_end(&self, start: usize) -> Result<usize, Stop> {
        let mut end = self.quoted_end(start, b'\'', true)?;
        while let Some(next) = self.continuation(end)? {
            end = self.quoted_end(next, b'\'', true)?;
        }
        Ok(end)
    }

    /// The quote that continues a text which ended at `at`: behind blanks and `--` comments with at least one end of line.
    fn continuation(&self, mut at: usize) -> Result<Option<usize>, Stop> {
        let mut is_next_line = false;
        loop {
            match self.byte(at)? {
                Some(b'\'') => return Ok(is_next_line.then_some(at)),
                Some(byte) if is_space(byte) => {
                    is_next_line |= matches!(byte, b'\n' | b'\r');
                    at += 1;
                }
                Some(b'-') if self.byte(at + 1)? == Some(b'-') => at = self.line_end(at)?,
                _ => return Ok(None),
            }
        }
    }

    fn dollar(&self, start: usize) -> Result<(TokenKind, usize), Stop> {
        let next = self.byte(start + 1)?;
        if next == Some(b'{') && self.lexicon.has_variables() {
            return Ok((TokenKind::Variable, self.variable_end(start)?));
        }
        let none = (TokenKind::Symbol(b'$'), start + 1);
        // SQLite has parameters `$name`; a dollar before a digit is a parameter of PostgreSQL's.
        if self.lexicon == Lexicon::Sqlite || next.is_some_and(|byte| byte.is_ascii_digit()) {
            return Ok(none);
        }
        let name_end = self.run_end(start + 1, WORD)?;
        if self.byte(name_end)? != Some(b'$') {
            return Ok(none);
        }
        let body = name_end + 1;
        let Some(tag) = self.bytes.get(start..body) else { return Ok(none) };
        match memmem::find(self.rest(body), tag) {
            Some(length) => Ok((TokenKind::DollarQuoted { tag: tag.len() }, body + length + tag.len())),
            None => Err(self.cut_short(Opened::DollarQuote(String::from_utf8_lossy(tag).into_owned()), start)),
        }
    }

    /// The byte behind it is within the bytes, too, if there is one.
    fn variable_end(&self, start: usize) -> Result<usize, Stop> {
        let end = self.run_end(start + 2, REFERENCE)?;
        let end = if self.byte(end)? == Some(b'}') { end + 1 } else { end };
        self.byte(end).map(|_| end)
    }

    /// A dollar belongs to a name, but not that of a variable behind it.
    fn word_end(&self, start: usize) -> Result<usize, Stop> {
        let end = self.run_end(start, WORD | DOLLAR)?;
        let is_before_variable =
            self.lexicon.has_variables() && self.bytes.get(end - 1) == Some(&b'$') && self.byte(end)? == Some(b'{');
        Ok(if is_before_variable { end - 1 } else { end })
    }

    /// The end of the bytes of `classes` from `start` on.
    fn run_end(&self, start: usize, classes: u8) -> Result<usize, Stop> {
        match self.rest(start).iter().position(|byte| !is_of(*byte, classes)) {
            Some(length) => Ok(start + length),
            None if self.is_last => Ok(self.bytes.len()),
            None => Err(Stop::More),
        }
    }
}

/// Classes of bytes: of words, the dollar that a word may go on with, of `name:form`, blanks.
const WORD: u8 = 1;
const DOLLAR: u8 = 2;
const REFERENCE: u8 = 4;
const SPACE: u8 = 8;

/// A table, because most of the time is spent here.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = u8::MIN;
    loop {
        let class = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => WORD | REFERENCE,
            0x80.. => WORD,
            b':' => REFERENCE,
            b'$' => DOLLAR,
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => SPACE,
            _ => 0,
        };
        classes[byte as usize] = class;
        if byte == u8::MAX {
            return classes;
        }
        byte += 1;
    }
}

fn is_of(byte: u8, classes: u8) -> bool {
    CLASSES[usize::from(byte)] & classes != 0
}

fn is_space(byte: u8) -> bool {
    is_of(byte, SPACE)
}

pub(super) fn is_word(byte: u8) -> bool {
    is_of(byte, WORD)
}

/// The tokens of a text that is in memory. What does not end is a token up to the end of the text.
pub struct Tokens<'t> {
    scanner: Scanner<'t>,
    /// A string, quoted name or comment without an end was met.
    pub is_unterminated: bool,
}

impl<'t> Tokens<'t> {
    pub fn new(text: &'t str, lexicon: Lexicon) -> Self {
        Self { scanner: Scanner::new(text.as_bytes(), true, lexicon, 0), is_unterminated: false }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let opened = match self.scanner.next_token() {
            Ok(token) => return token,
            Err(Stop::Unterminated { opened, .. }) => opened,
            Err(Stop::More) => return None,
        };
        self.is_unterminated = true;
        let kind = match opened {
            Opened::Comment => None,
            Opened::QuotedName => Some(TokenKind::QuotedName),
            Opened::DollarQuote(tag) => Some(TokenKind::DollarQuoted { tag: tag.len() }),
            _ => Some(TokenKind::Text),
        };
        let (start, end) = (self.scanner.at, self.scanner.bytes.len());
        self.scanner.at = end;
        kind.map(|kind| Token { kind, range: start..end })
    }
}
