use thiserror::Error;

/// Why Python's `shlex.split` would raise a `ValueError`; `Display` is its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ShlexError {
    /// A quote is never closed.
    #[error("No closing quotation")]
    NoClosingQuotation,
    /// A backslash at the end.
    #[error("No escaped character")]
    NoEscapedCharacter,
}

/// Python's `shlex.split(text)` (POSIX rules, no comments). The `shlex` crate follows the shell instead, where `#`
/// starts a comment and a backslash in double quotes escapes other characters.
pub fn split(text: &str) -> Result<Vec<String>, ShlexError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => quoted(&mut chars, c, word.get_or_insert_default())?,
            '"' => quoted(&mut chars, c, word.get_or_insert_default())?,
            '\\' => {
                let escaped = chars.next().ok_or(ShlexError::NoEscapedCharacter)?;
                word.get_or_insert_default().push(escaped);
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn quoted(chars: &mut std::str::Chars<'_>, quote: char, word: &mut String) -> Result<(), ShlexError> {
    loop {
        match chars.next().ok_or(ShlexError::NoClosingQuotation)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => {
                let escaped = chars.next().ok_or(ShlexError::NoEscapedCharacter)?;
                if escaped != '\\' && escaped != '"' {
                    word.push('\\');
                }
                word.push(escaped);
            }
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_as_python() {
        let words = |text: &str| split(text).unwrap();
        assert_eq!(words("-l 79  F"), ["-l", "79", "F"]);
        assert_eq!(words(r#"'a b'"c\"d" e\ f"#), ["a bc\"d", "e f"]);
        assert_eq!(words(r#""a\b" '' x#y # z"#), ["a\\b", "", "x#y", "#", "z"]);
        assert_eq!(split("'x"), Err(ShlexError::NoClosingQuotation));
        assert_eq!(split("x\\"), Err(ShlexError::NoEscapedCharacter));
        assert!(words("  ").is_empty());
    }
}
