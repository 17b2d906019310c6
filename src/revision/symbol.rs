use std::sync::LazyLock;

use regex::Regex;

/// `[LABEL@][SYMBOL](+N|-N)`, at the start of a target; what follows is ignored, as Alembic does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Relative<'a> {
    pub(crate) label: Option<&'a str>,
    pub(crate) symbol: Option<&'a str>,
    /// With its sign, as typed.
    pub(crate) text: &'a str,
    /// Clamped to the range of the type.
    pub(crate) steps: i64,
}

impl<'a> Relative<'a> {
    /// Alembic's `_relative_destination.match`.
    pub(crate) fn parse(target: &'a str) -> Option<Self> {
        #[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by every test that resolves a target")]
        static PATTERN: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(?:(.+?)@)?(\w+)?([+-][0-9]+)").unwrap());
        let found = PATTERN.captures(target)?;
        let text = found.get(3)?.as_str();
        Some(Self {
            label: found.get(1).map(|label| label.as_str()),
            symbol: found.get(2).map(|symbol| symbol.as_str()),
            text,
            steps: python_int(text)?,
        })
    }
}

/// Python's `int(text)` for ASCII digits, clamped; `None` where Python raises a `ValueError`.
pub(crate) fn python_int(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let mut value: i64 = 0;
    let mut after_digit = false;
    for byte in digits.bytes() {
        match byte {
            b'0'..=b'9' => {
                value = value.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
                after_digit = true;
            }
            b'_' if after_digit => after_digit = false,
            _ => return None,
        }
    }
    if !after_digit {
        return None;
    }
    Some(if negative { -value } else { value })
}

/// What Alembic forbids in identifiers, sorted and joined for its sentence (`verify_rev_id`).
pub(super) fn illegal_characters(id: &str) -> Option<String> {
    let found: Vec<String> =
        ['+', '-', ':', '@'].into_iter().filter(|illegal| id.contains(*illegal)).map(String::from).collect();
    (!found.is_empty()).then(|| found.join(", "))
}

/// Checks an identifier that is about to be given to a new revision.
///
/// # Errors
/// `IllegalCharacters`, as `Revision.verify_rev_id` of Alembic.
pub fn verify_identifier(id: &str) -> Result<(), super::RevisionError> {
    match illegal_characters(id) {
        Some(characters) => Err(super::RevisionError::IllegalCharacters { characters, id: id.into() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(target: &str) -> Option<(Option<&str>, Option<&str>, &str, i64)> {
        Relative::parse(target).map(|found| (found.label, found.symbol, found.text, found.steps))
    }

    #[test]
    fn relative_targets_are_a_prefix_match() {
        assert_eq!(parts("+2"), Some((None, None, "+2", 2)));
        assert_eq!(parts("lib@-1"), Some((Some("lib"), None, "-1", -1)));
        assert_eq!(parts("a@b@abc+03x"), Some((Some("a@b"), Some("abc"), "+03", 3)));
        assert_eq!(parts("lib-2@head"), Some((None, Some("lib"), "-2", -2)));
        assert_eq!(parts("head"), None);
        assert_eq!(parts(" +1"), None);
    }

    #[test]
    fn integers_are_read_as_python_does() {
        assert_eq!(python_int(" -1_0 "), Some(-10));
        assert_eq!(python_int("1__0"), None);
        assert_eq!(python_int("-"), None);
        assert_eq!(python_int("_1"), None);
        assert_eq!(python_int("-99999999999999999999"), Some(-i64::MAX));
    }
}
