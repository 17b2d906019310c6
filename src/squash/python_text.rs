//! Text as Python's literals.

use std::sync::LazyLock;

use regex::Regex;

/// A string literal in double quotes, in one line.
pub(super) fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\n' => literal.push_str("\\n"),
            c => escape(c, &mut literal),
        }
    }
    literal.push('"');
    literal
}

/// A string literal in three double quotes, whose lines are those of the text.
pub(super) fn long(text: &str) -> String {
    let mut literal = String::from("\"\"\"");
    let mut characters = text.chars().peekable();
    let mut after_quote = false;
    while let Some(c) = characters.next() {
        match c {
            // Several in a row, and one before the end, would end the literal.
            '"' if after_quote || characters.peek().is_none() => literal.push_str("\\\""),
            '"' | '\n' => literal.push(c),
            c => escape(c, &mut literal),
        }
        after_quote = c == '"';
    }
    literal.push_str("\"\"\"");
    literal
}

fn escape(c: char, literal: &mut String) {
    match c {
        '\\' => literal.push_str("\\\\"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push('\t'),
        c if c.is_control() => literal.push_str(&format!("\\x{:02x}", u32::from(c))),
        c => literal.push(c),
    }
}

/// SQL for `op.execute`, which takes a text for SQLAlchemy's `text()`: where a colon would begin a parameter there, or a backslash
/// before one would go, every colon is escaped.
pub(super) fn for_execute(sql: &str) -> String {
    #[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test")]
    // `(?<![:\w\\]):(\w+)` of sqlalchemy.sql.elements.TextClause, and its escape.
    static PARAMETER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[^:\w\\]):\w|\\:").unwrap());
    if PARAMETER.is_match(sql) { sql.replace(':', "\\:") } else { sql.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_end_where_they_should() {
        assert_eq!(quoted("a\"b\\\n\u{7}é"), r#""a\"b\\\n\x07é""#);
        assert_eq!(long("a\n\"b\""), "\"\"\"a\n\"b\\\"\"\"\"");
        assert_eq!(long("a\"\"\"b"), "\"\"\"a\"\\\"\\\"b\"\"\"");
        assert_eq!(long("x\\"), "\"\"\"x\\\\\"\"\"");
    }

    #[test]
    fn colons_that_would_be_parameters_are_escaped() {
        assert_eq!(for_execute("SELECT '1'::int, '12:30', a[1 : 2]"), "SELECT '1'::int, '12:30', a[1 : 2]");
        assert_eq!(for_execute("SELECT ':a'::text"), "SELECT '\\:a'\\:\\:text");
        assert_eq!(for_execute(r"SELECT '\:'"), r"SELECT '\\:'");
    }
}
