use std::ops::Range;

use memchr::memmem;

use super::SqlDialect;
use super::error::SqlFileProblem;
use super::lexer::{Token, TokenKind, is_word};
use super::outline::Refusal;
use super::variables::{Form, Variables, parse_reference, written};

/// A value that is to be put in place of a part of the text.
pub(super) struct Insertion {
    range: Range<usize>,
    value: String,
}

/// The values for a token of `text`: a variable, or a text between dollar quotes with variables in it.
pub(super) fn insertions(
    token: &Token,
    text: &[u8],
    variables: &Variables,
    dialect: SqlDialect,
) -> Result<Vec<Insertion>, Refusal> {
    let source = text.get(token.range.clone()).unwrap_or_default();
    match token.kind {
        TokenKind::Variable => Ok(vec![of_variable(token, text, variables, dialect)?]),
        TokenKind::DollarQuoted { tag } if !variables.is_empty() => in_body(token, source, tag, variables),
        _ => Ok(Vec::new()),
    }
}

fn of_variable(token: &Token, text: &[u8], variables: &Variables, dialect: SqlDialect) -> Result<Insertion, Refusal> {
    let refusal = |problem| Refusal { at: token.range.start, problem };
    let source = String::from_utf8_lossy(text.get(token.range.clone()).unwrap_or_default());
    let Some((name, form)) = parse_reference(&source) else {
        return Err(refusal(SqlFileProblem::MalformedVariable { text: source.into_owned() }));
    };
    let before = token.range.start.checked_sub(1).and_then(|at| text.get(at));
    if before.is_some_and(|byte| joins(*byte) || *byte == b'}')
        || text.get(token.range.end).is_some_and(|byte| joins(*byte))
    {
        return Err(refusal(SqlFileProblem::JoinedVariable { text: source.into_owned() }));
    }
    let Some(value) = variables.get(name) else {
        return Err(refusal(SqlFileProblem::UnknownVariable { name: name.to_owned() }));
    };
    if value.is_empty() && form == Form::Identifier {
        let problem =
            SqlFileProblem::ImpossibleValue { name: name.to_owned(), reason: "empty, which no identifier is" };
        return Err(refusal(problem));
    }
    Ok(Insertion { range: token.range.clone(), value: written(value, form, dialect) })
}

/// `${…}` that is no known variable is part of the text: it may be of the language that the text is written in.
fn in_body(token: &Token, source: &[u8], tag: usize, variables: &Variables) -> Result<Vec<Insertion>, Refusal> {
    let delimiter = source.get(..tag).unwrap_or_default();
    let mut found = Vec::new();
    for at in memmem::find_iter(source, "${") {
        let rest = source.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'}', rest).map_or(0, |length| length + 1);
        let reference = std::str::from_utf8(rest.get(..length).unwrap_or_default()).unwrap_or_default();
        let Some((name, form)) = parse_reference(reference) else { continue };
        let Some(value) = variables.get(name) else { continue };
        let start = token.range.start + at;
        if let Some(reason) = unfit_for_body(value, delimiter) {
            let problem = SqlFileProblem::ValueInBody { name: name.to_owned(), reason };
            return Err(Refusal { at: start, problem });
        }
        found.push(Insertion { range: start..start + length, value: written(value, form, SqlDialect::Postgres) });
    }
    Ok(found)
}

/// Why a value cannot stand in a text between dollar quotes. Such a text is a program of any language, where the variable may
/// be part of a string: what would end that string, or the text itself, is refused rather than escaped by guesswork.
fn unfit_for_body(value: &str, delimiter: &[u8]) -> Option<&'static str> {
    if memmem::find(value.as_bytes(), delimiter).is_some() {
        Some("the dollar quote itself")
    } else if value.contains(['\'', '\\', '\n', '\r']) {
        Some("a quote, a backslash or an end of line")
    } else {
        None
    }
}

/// The part `range` of `text` with the values in it.
pub(super) fn apply(text: &str, range: Range<usize>, insertions: &[Insertion]) -> String {
    let mut out = String::with_capacity(range.len());
    let mut at = range.start;
    for insertion in insertions {
        out.push_str(text.get(at..insertion.range.start).unwrap_or_default());
        out.push_str(&insertion.value);
        at = insertion.range.end;
    }
    out.push_str(text.get(at..range.end).unwrap_or_default());
    out
}

/// What is quoted beside this byte would be read as one with it: `e'…'`, `U&"…"`, `'a''b'`, or as two names: `a "b"`.
fn joins(byte: u8) -> bool {
    is_word(byte) || matches!(byte, b'\'' | b'"' | b'`' | b'&' | b'$')
}
