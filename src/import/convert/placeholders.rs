//! `${name}` in old files. Flyway pastes a value into the text before anybody reads it; limbec's variables are identifiers or strings.

use std::collections::BTreeSet;

use super::Placeholders;
use crate::sqlfile::{Lexicon, SqlDialect, Token, TokenKind, Tokens};

/// A line, counted from 1, and what is wrong there.
type Fault = (usize, String);

/// What limbec itself replaces wherever it stands outside of strings and comments.
const OWN: [&str; 2] = ["${schema}", "${schema:literal}"];

impl Placeholders {
    /// The text with the values that are known, as Flyway has it: everywhere, and as they are.
    pub(super) fn filled(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let end = from.find('}');
            let value = end.and_then(|end| Some((self.values.get(from.get(2..end)?)?, end)));
            match value {
                Some((value, end)) => {
                    filled.push_str(value);
                    rest = &from[end + 1..];
                }
                None => {
                    filled.push_str("${");
                    rest = &from[2..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }
}

/// Refuses what limbec would replace and the tool does not.
pub(super) fn check_none(text: &str, dialect: SqlDialect) -> Result<(), Fault> {
    for token in tokens(text, dialect) {
        let part = text.get(token.range.clone()).unwrap_or_default();
        match token.kind {
            TokenKind::Variable => {
                return Err((
                    line_of(text, token.range.start),
                    format!("`{part}` is no SQL, and the tool puts nothing in its place"),
                ));
            }
            TokenKind::DollarQuoted { .. } => {
                if let Some(at) = OWN.iter().filter_map(|own| part.find(own)).min() {
                    let line = line_of(text, token.range.start + at);
                    return Err((line, "limbec would put the name of the schema in the place of `${schema}` here; write '$' || '{schema}' or the like".to_owned()));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The text with placeholders as variables of limbec's, and which those are.
pub(super) fn as_variables(text: &str, dialect: SqlDialect) -> Result<(String, BTreeSet<String>), Fault> {
    let mut written = String::with_capacity(text.len());
    let mut names = BTreeSet::new();
    let mut from = 0;
    let tokens: Vec<Token> = tokens(text, dialect).collect();
    for (index, token) in tokens.iter().enumerate() {
        let part = text.get(token.range.clone()).unwrap_or_default();
        if !part.contains("${") {
            continue;
        }
        let fault = |reason: &str| {
            let at = token.range.start + part.find("${").unwrap_or_default();
            let name = placeholder(text.get(at..).unwrap_or_default()).unwrap_or("NAME");
            (line_of(text, at), format!("{reason}; give its value: `--set {name}=VALUE`"))
        };
        let replaced = match token.kind {
            TokenKind::Variable => {
                let is_joined =
                    [index.checked_sub(1), Some(index + 1)].into_iter().flatten().filter_map(|at| tokens.get(at)).any(
                        |other| {
                            touches(other, token)
                                && matches!(other.kind, TokenKind::Word | TokenKind::Number | TokenKind::Variable)
                        },
                    );
                if is_joined {
                    return Err(fault("a placeholder is a part of a name here, and a variable is a whole one"));
                }
                let name = whole(part).ok_or_else(|| fault("no variable can have this name"))?;
                (name, "")
            }
            // A string, or a quoted name, that is nothing but the placeholder.
            TokenKind::Text => {
                let inner = part.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                let name = inner.and_then(whole);
                (
                    name.ok_or_else(|| {
                        fault("a placeholder is a part of a string here, and a variable is a whole one")
                    })?,
                    ":literal",
                )
            }
            TokenKind::QuotedName => {
                let inner = part.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                let name = inner.and_then(whole);
                (
                    name.ok_or_else(|| fault("a placeholder is a part of a name here, and a variable is a whole one"))?,
                    "",
                )
            }
            _ => return Err(fault("a placeholder is inside a body here, where a variable would be quoted")),
        };
        written.push_str(text.get(from..token.range.start).unwrap_or_default());
        written.push_str(&format!("${{{}{}}}", replaced.0, replaced.1));
        from = token.range.end;
        if replaced.0 != "schema" {
            names.insert(replaced.0);
        }
    }
    written.push_str(text.get(from..).unwrap_or_default());
    Ok((written, names))
}

fn tokens(text: &str, dialect: SqlDialect) -> Tokens<'_> {
    Tokens::new(text, if dialect == SqlDialect::Sqlite { Lexicon::Sqlite } else { Lexicon::Postgres })
}

fn touches(one: &Token, other: &Token) -> bool {
    one.range.end == other.range.start || other.range.end == one.range.start
}

/// The name between `${` and `}`, whatever it is.
fn placeholder(text: &str) -> Option<&str> {
    text.strip_prefix("${")?.split_once('}').map(|(name, _)| name)
}

/// The variable that a text consists of; Flyway's own placeholder for the schema is limbec's.
fn whole(text: &str) -> Option<String> {
    let name = text.strip_prefix("${")?.strip_suffix('}')?;
    if name == "flyway:defaultSchema" {
        return Some("schema".to_owned());
    }
    let is_name =
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    (is_name && !name.is_empty()).then(|| name.to_owned())
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}
