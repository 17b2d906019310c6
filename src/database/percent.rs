//! Python's percent-encoding, which SQLAlchemy's URLs are written in (`urllib.parse`).

/// Python's `unquote`: invalid escapes stay as they are, invalid UTF-8 becomes U+FFFD.
pub(super) fn unquote(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Python's `unquote_plus`-like decoding of a query part: `+` is a space.
fn unquote_plus(text: &str) -> String {
    unquote(&text.replace('+', " "))
}

/// Python's `quote(text, safe=safe)`.
pub(super) fn quote(text: &str, safe: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Python's `quote_plus(text)`: a space becomes `+`.
pub(crate) fn quote_plus(text: &str) -> String {
    quote(text, " ").replace(' ', "+")
}

/// Python's `parse_qsl(text)`: pairs in order; a part without `=` or with an empty value is dropped.
pub(super) fn parse_query(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter_map(|part| part.split_once('='))
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| (unquote_plus(key), unquote_plus(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_escape_stays() {
        assert_eq!(unquote("a%zz%41%"), "a%zzA%");
    }

    #[test]
    fn a_query_drops_blank_values() {
        assert_eq!(parse_query("a=1&b=&c&d=x+y%2B"), [("a".into(), "1".into()), ("d".into(), "x y+".into())]);
    }
}
