use thiserror::Error;

use super::Value;

/// Why Python's `%` operator would raise, or why the outcome is not known here.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// `%(name)s` with a name that there is not.
    #[error("it asks for %({0}), which does not exist")]
    UnknownKey(String),
    /// The text ends inside a conversion, or a parenthesis is not closed.
    #[error("it has an incomplete % conversion")]
    Incomplete,
    /// A conversion character that Python does not know, or one that is not supported here.
    #[error("'%{0}' is not a conversion that can be used here")]
    Conversion(char),
    /// `%d` of a text, or a value that cannot be printed.
    #[error("'%{0}' does not fit the value")]
    Type(char),
    /// More or fewer values than conversions.
    #[error("the number of values differs from the number of % conversions")]
    Count,
}

/// Where the values of a format come from.
#[derive(Clone, Copy)]
enum Source<'a> {
    Names(&'a dyn Fn(&str) -> Option<Value>),
    Positions(&'a [Value]),
}

/// A part of a format: literal text, or a conversion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatPart {
    /// As it is (`%%` is `%` here).
    Text(String),
    /// `%(key).2d`
    Conversion {
        /// The name; `None`: the next of several values.
        key: Option<String>,
        /// Flags, width and precision.
        spec: Spec,
        /// `s`, `d` …
        kind: char,
    },
}

/// Takes a format apart, without a look at what its conversions are for.
pub fn format_parts(format: &str) -> Result<Vec<FormatPart>, FormatError> {
    let mut parts = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        parts.push(FormatPart::Text(rest[..at].to_owned()));
        let conversion = conversion(&rest[at + 1..])?;
        parts.push(match conversion.kind {
            '%' => FormatPart::Text("%".to_owned()),
            kind => FormatPart::Conversion { key: conversion.key.map(str::to_owned), spec: conversion.spec, kind },
        });
        rest = conversion.rest;
    }
    parts.push(FormatPart::Text(rest.to_owned()));
    Ok(parts)
}

/// Flags, width and precision of one conversion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spec {
    minus: bool,
    plus: bool,
    space: bool,
    zero: bool,
    alternate: bool,
    /// Characters, at least.
    pub width: usize,
    /// Of a number: digits, at least; of a text: characters, at most.
    pub precision: Option<usize>,
}

/// Python's `format % mapping`.
pub fn percent_format(format: &str, names: &dyn Fn(&str) -> Option<Value>) -> Result<String, FormatError> {
    run(format, Source::Names(names))
}

impl Value {
    /// Python's `text % value`: a tuple gives several values, anything else one.
    pub fn percent(&self, format: &str) -> Result<String, FormatError> {
        match self {
            Self::Tuple(items) => run(format, Source::Positions(items)),
            other => run(format, Source::Positions(std::slice::from_ref(other))),
        }
    }
}

fn run(format: &str, source: Source<'_>) -> Result<String, FormatError> {
    let mut out = String::with_capacity(format.len());
    let mut rest = format;
    let mut used = 0;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let conversion = conversion(&rest[at + 1..])?;
        rest = conversion.rest;
        out.push_str(&formatted(&conversion, source, &mut used)?);
    }
    out.push_str(rest);
    match source {
        Source::Positions(items) if used != items.len() => Err(FormatError::Count),
        _ => Ok(out),
    }
}

/// A conversion and the text behind it.
struct Conversion<'f> {
    key: Option<&'f str>,
    spec: Spec,
    kind: char,
    rest: &'f str,
}

/// Reads one conversion: the text after its `%`.
fn conversion(text: &str) -> Result<Conversion<'_>, FormatError> {
    let (key, text) = key(text)?;
    let (spec, text) = spec(text)?;
    let kind = text.chars().next().ok_or(FormatError::Incomplete)?;
    Ok(Conversion { key, spec, kind, rest: &text[kind.len_utf8()..] })
}

fn formatted(conversion: &Conversion<'_>, source: Source<'_>, used: &mut usize) -> Result<String, FormatError> {
    if conversion.kind == '%' {
        // Python accepts flags and a width here and ignores them.
        return Ok("%".to_owned());
    }
    let value = match (source, conversion.key) {
        (Source::Names(names), Some(key)) => names(key).ok_or_else(|| FormatError::UnknownKey(key.to_owned()))?,
        (Source::Positions(items), None) => {
            *used += 1;
            items.get(*used - 1).cloned().ok_or(FormatError::Count)?
        }
        // `%s` of the whole mapping, `%(x)s` without one.
        _ => return Err(FormatError::Conversion(conversion.kind)),
    };
    converted(&value, conversion.kind, &conversion.spec)
}

/// The `(key)` of a conversion; parentheses nest, as in Python.
fn key(text: &str) -> Result<(Option<&str>, &str), FormatError> {
    let Some(inner) = text.strip_prefix('(') else { return Ok((None, text)) };
    let mut depth = 1_usize;
    for (at, c) in inner.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok((Some(&inner[..at]), &inner[at + 1..]));
        }
    }
    Err(FormatError::Incomplete)
}

fn spec(text: &str) -> Result<(Spec, &str), FormatError> {
    let mut spec = Spec::default();
    let flags = text.len() - text.trim_start_matches(['-', '+', ' ', '0', '#']).len();
    for flag in text[..flags].chars() {
        match flag {
            '-' => spec.minus = true,
            '+' => spec.plus = true,
            ' ' => spec.space = true,
            '0' => spec.zero = true,
            _ => spec.alternate = true,
        }
    }
    let (width, mut text) = number(&text[flags..])?;
    spec.width = width;
    if let Some(rest) = text.strip_prefix('.') {
        let (precision, rest) = number(rest)?;
        spec.precision = Some(precision);
        text = rest;
    }
    Ok((spec, text.strip_prefix(['h', 'l', 'L']).unwrap_or(text)))
}

/// A width or a precision. Limited: nobody means a megabyte of blanks in a file name.
fn number(text: &str) -> Result<(usize, &str), FormatError> {
    const LIMIT: usize = 4096;
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits == 0 {
        return Ok((0, text));
    }
    match text[..digits].parse() {
        Ok(number) if number <= LIMIT => Ok((number, &text[digits..])),
        _ => Err(FormatError::Incomplete),
    }
}

fn converted(value: &Value, kind: char, spec: &Spec) -> Result<String, FormatError> {
    let number = || match value {
        Value::Int(number) => Ok(*number),
        Value::Bool(flag) => Ok(i64::from(*flag)),
        _ => Err(FormatError::Type(kind)),
    };
    let alternate = |prefix| if spec.alternate { prefix } else { "" };
    match kind {
        's' => text(value.str().ok_or(FormatError::Type(kind))?, spec),
        'r' => text(value.repr().ok_or(FormatError::Type(kind))?, spec),
        'd' | 'i' | 'u' => Ok(integer(number()?, |n| n.to_string(), "", spec)),
        'x' => Ok(integer(number()?, |n| format!("{n:x}"), alternate("0x"), spec)),
        'X' => Ok(integer(number()?, |n| format!("{n:X}"), alternate("0X"), spec)),
        'o' => Ok(integer(number()?, |n| format!("{n:o}"), alternate("0o"), spec)),
        other => Err(FormatError::Conversion(other)),
    }
}

fn text(text: String, spec: &Spec) -> Result<String, FormatError> {
    let cut = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text,
    };
    Ok(pad(cut, spec))
}

fn pad(text: String, spec: &Spec) -> String {
    let missing = spec.width.saturating_sub(text.chars().count());
    let blanks = " ".repeat(missing);
    if spec.minus { text + &blanks } else { blanks + &text }
}

fn integer(number: i64, digits: impl Fn(u64) -> String, prefix: &str, spec: &Spec) -> String {
    let sign = match number {
        ..0 => "-",
        _ if spec.plus => "+",
        _ if spec.space => " ",
        _ => "",
    };
    let digits = digits(number.unsigned_abs());
    let least = spec.precision.unwrap_or(0);
    let mut body = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    // Unlike in C, the zero flag fills the width even when a precision is given.
    if spec.zero && !spec.minus {
        let width = spec.width.saturating_sub(sign.len() + prefix.len());
        body = format!("{}{body}", "0".repeat(width.saturating_sub(body.len())));
    }
    pad(format!("{sign}{prefix}{body}"), spec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(format: &str) -> Result<String, FormatError> {
        percent_format(format, &|name| match name {
            "rev" => Some(Value::Str("abc".to_owned())),
            "month" => Some(Value::Int(7)),
            _ => None,
        })
    }

    #[test]
    fn formats_as_python() {
        for (text, expected) in [
            ("%(month).2d-%(rev)s", "07-abc"),
            ("%(month)02d|%(month)-4d|%(month)4d|%(month)+d|%(month) d", "07|7   |   7|+7| 7"),
            ("%(rev)-6s|%(rev)6s|%(rev).2s|%(rev)r", "abc   |   abc|ab|'abc'"),
            ("%(month)x %(month)#o %(month)06.3d %(month)ld", "7 0o7 000007 7"),
            ("100%%", "100%"),
        ] {
            assert_eq!(format(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_python_refuses() {
        assert_eq!(format("%(nope)s"), Err(FormatError::UnknownKey("nope".to_owned())));
        assert_eq!(format("%(rev)d"), Err(FormatError::Type('d')));
        assert_eq!(format("%"), Err(FormatError::Incomplete));
        assert_eq!(format("%(rev"), Err(FormatError::Incomplete));
        assert_eq!(format("%(rev)y"), Err(FormatError::Conversion('y')));
    }

    #[test]
    fn positions() {
        let two = Value::Tuple(Value::strings(&["a", "b"]));
        assert_eq!(two.percent("%s-%s").as_deref(), Ok("a-b"));
        assert_eq!(Value::Str("x".to_owned()).percent("%s_upgrades").as_deref(), Ok("x_upgrades"));
        assert_eq!(two.percent("%s"), Err(FormatError::Count));
    }
}
