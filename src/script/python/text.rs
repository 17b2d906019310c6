use std::sync::LazyLock;

use regex::Regex;

/// Characters that Python's `str.isprintable` refuses: categories C* and Z*, the plain space apart.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in every test run")]
static UNPRINTABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{C}\p{Z}]$").expect("valid pattern"));

/// What Python's `\w` matches: `str.isalnum()` or the underscore. Unlike in the regex crate, marks do not belong to it.
#[expect(clippy::expect_used, reason = "a constant pattern, compiled in every test run")]
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}_]$").expect("valid pattern"));

fn matches(pattern: &Regex, c: char) -> bool {
    pattern.is_match(c.encode_utf8(&mut [0; 4]))
}

/// Whether Python's `re` counts the character as `\w` in a `str` pattern.
pub fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() || c == '_' } else { matches(&WORD, c) }
}

/// Python's `repr` of a `str`: single quotes unless only those occur in the text.
pub fn repr_string(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            c if c.is_ascii() || matches(&UNPRINTABLE, c) => push_escape(&mut out, c),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn push_escape(out: &mut String, c: char) {
    use std::fmt::Write;
    let code = c as u32;
    // Writing to a String cannot fail.
    let _ = match code {
        0..=0xff => write!(out, "\\x{code:02x}"),
        0x100..=0xffff => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repr_chooses_quotes_and_escapes_as_python() {
        for (text, expected) in [
            ("abc", "'abc'"),
            ("it's", "\"it's\""),
            ("it's \"x\"", r#"'it\'s "x"'"#),
            ("a\\b\n\t\r", r"'a\\b\n\t\r'"),
            ("\u{0}\u{7f}\u{85}\u{a0}é", r"'\x00\x7f\x85\xa0é'"),
            ("\u{2028}\u{feff}😀\u{e0001}", r"'\u2028\ufeff😀\U000e0001'"),
        ] {
            assert_eq!(repr_string(text), expected);
        }
    }

    #[test]
    fn marks_are_no_word_characters() {
        assert!(is_word('é') && is_word('٣') && is_word('½') && is_word('漢') && is_word('_'));
        assert!(!is_word('\u{93e}') && !is_word('\u{301}') && !is_word('-') && !is_word('\u{203f}'));
    }
}
