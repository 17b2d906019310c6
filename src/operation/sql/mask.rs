use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::sqlfile::{Lexicon, Token, TokenKind, Tokens};

/// The text with everything that SQLAlchemy and the drivers put in it replaced by plain SQL of the same length, so that positions
/// stay true: bind parameters (`:name`, `%(name)s`, `%s`) by `$1`, `%%` by `%`, `\:` by `:`.
pub(super) fn mask(sql: &str) -> Cow<'_, str> {
    if memchr2(b':', b'%', sql.as_bytes()).is_none() {
        return Cow::Borrowed(sql);
    }
    let unescaped = unescape_colons(sql);
    let mut masked = unescaped.clone().into_owned().into_bytes();
    let mut previous: Option<Token> = None;
    for token in Tokens::new(&unescaped, Lexicon::Any) {
        let length = match token.kind {
            TokenKind::Symbol(b':') => colon_parameter(unescaped.as_bytes(), token.range.start),
            TokenKind::Symbol(b'%') => percent_parameter(unescaped.as_bytes(), token.range.start),
            _ => None,
        };
        if let Some(length) = length {
            let follows_in = previous.as_ref().is_some_and(|word| {
                unescaped.get(word.range.clone()).is_some_and(|word| word.eq_ignore_ascii_case("in"))
            });
            fill(&mut masked, token.range.start, length, follows_in);
        } else if token.kind == TokenKind::Symbol(b'%') && unescaped.as_bytes().get(token.range.end) == Some(&b'%') {
            masked[token.range.start] = b' ';
        }
        previous = Some(token);
    }
    String::from_utf8(masked).map_or(unescaped, Cow::Owned)
}

/// `\:` as `:`, with the blanks in front: `\:\:int` becomes `  ::int`.
fn unescape_colons(sql: &str) -> Cow<'_, str> {
    if memchr(b'\\', sql.as_bytes()).is_none() {
        return Cow::Borrowed(sql);
    }
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find("\\:") {
        let (before, from) = rest.split_at(at);
        let count = from.as_bytes().chunks(2).take_while(|pair| *pair == b"\\:").count();
        text.push_str(before);
        text.push_str(&" ".repeat(count));
        text.push_str(&":".repeat(count));
        rest = from.get(2 * count..).unwrap_or_default();
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The length of `:name` at `start`, by the rule of `sqlalchemy.text()`.
fn colon_parameter(text: &[u8], start: usize) -> Option<usize> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|byte| is_word(byte) || matches!(byte, b':' | b'\\')) {
        return None;
    }
    let name = text.get(start + 1..)?.iter().take_while(|byte| is_word(byte)).count();
    (name > 0 && text.get(start + 1 + name) != Some(&b':')).then_some(name + 1)
}

/// The length of `%(name)s` or `%s` at `start`.
fn percent_parameter(text: &[u8], start: usize) -> Option<usize> {
    let after = text.get(start + 1..)?;
    match after.first()? {
        b's' if !after.get(1).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') => Some(2),
        b'(' => {
            let close = memchr(b')', after.get(..after.len().min(200))?)?;
            (after.get(close + 1) == Some(&b's')).then_some(close + 3)
        }
        _ => None,
    }
}

fn fill(masked: &mut [u8], start: usize, length: usize, is_list: bool) {
    let Some(target) = masked.get_mut(start..start + length) else { return };
    if is_list && target.len() >= 3 {
        target.fill(b' ');
        target[..3].copy_from_slice(b"(0)");
    } else {
        target.fill(b'0');
        target[0] = b'$';
        target[length - 1] = b'1';
    }
}
