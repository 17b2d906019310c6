//! Text as Python's literals.

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

fn escape(c: char, literal: &mut String) {
    match c {
        '\\' => literal.push_str("\\\\"),
        '\r' => literal.push_str("\\r"),
        c if c.is_control() => literal.push_str(&format!("\\x{:02x}", u32::from(c))),
        c => literal.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_end_where_they_should() {
        assert_eq!(quoted("a\"b\\\n\u{7}é"), r#""a\"b\\\n\x07é""#);
    }
}
