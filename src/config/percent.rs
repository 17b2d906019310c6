use super::error::PercentFault;
use super::python_text::repr;

/// Python's `text % {"here": here}`.
///
/// Formats of a text (`s`, `r`, `a` with flags, width and precision) are followed; a format without a name takes the whole
/// mapping in Python, which no configuration means, and is refused.
pub(super) fn format_here(text: &str, here: &str) -> Result<String, PercentFault> {
    let mut out = String::with_capacity(text.len() + here.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('%') {
            out.push('%');
            rest = tail;
            continue;
        }
        let inner = rest.strip_prefix('(').ok_or_else(|| unnamed(rest))?;
        let end = closing(inner).ok_or(PercentFault::Unclosed)?;
        if &inner[..end] != "here" {
            return Err(PercentFault::Unknown(inner[..end].to_owned()));
        }
        rest = conversion(&inner[end + 1..], here, &mut out)?;
    }
    out.push_str(rest);
    Ok(out)
}

fn unnamed(rest: &str) -> PercentFault {
    if rest.is_empty() { PercentFault::Incomplete } else { PercentFault::BadFormat }
}

/// Position of the `)` that closes a name; names may hold balanced parentheses.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 1;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// `[flags][width][.precision][length]type` after the name.
fn conversion<'a>(text: &'a str, value: &str, out: &mut String) -> Result<&'a str, PercentFault> {
    let after_flags = text.trim_start_matches(['#', '0', '-', ' ', '+']);
    let left = text[..text.len() - after_flags.len()].contains('-');
    let (width, after_width) = number(after_flags)?;
    let (precision, after_precision) = match after_width.strip_prefix('.') {
        Some(tail) => number(tail).map(|(digits, tail)| (Some(digits.unwrap_or(0)), tail))?,
        None => (None, after_width),
    };
    let kind = after_precision.strip_prefix(['h', 'l', 'L']).unwrap_or(after_precision);
    let mut chars = kind.chars();
    let text = match chars.next() {
        Some('s') => value.to_owned(),
        Some('r' | 'a') => repr(value),
        Some('%') => "%".to_owned(),
        Some(_) => return Err(PercentFault::BadFormat),
        None => return Err(PercentFault::Incomplete),
    };
    let shown: String = text.chars().take(precision.unwrap_or(usize::MAX)).collect();
    let padding = width.unwrap_or(0).saturating_sub(shown.chars().count());
    let padding = " ".repeat(padding);
    if left {
        out.push_str(&shown);
        out.push_str(&padding);
    } else {
        out.push_str(&padding);
        out.push_str(&shown);
    }
    Ok(chars.as_str())
}

fn number(text: &str) -> Result<(Option<usize>, &str), PercentFault> {
    let tail = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &text[..text.len() - tail.len()];
    match digits {
        "" => Ok((None, tail)),
        // Six digits: wider than any path, and no request for gigabytes of blanks.
        _ if digits.len() <= 6 => Ok((digits.parse().ok(), tail)),
        _ => Err(PercentFault::BadFormat),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_pythons_percent_operator() {
        for (text, expected) in [
            ("%(here)s/m", "/h/m"),
            ("%%(rev)s", "%(rev)s"),
            ("[%(here)5s]", "[   /h]"),
            ("[%(here)-5s]", "[/h   ]"),
            ("%(here).1s", "/"),
            ("%(here)r", "'/h'"),
        ] {
            assert_eq!(format_here(text, "/h").unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn refuses_what_python_refuses() {
        assert_eq!(format_here("%(x)s", "/h"), Err(PercentFault::Unknown("x".to_owned())));
        assert_eq!(format_here("%(here", "/h"), Err(PercentFault::Unclosed));
        assert_eq!(format_here("50%", "/h"), Err(PercentFault::Incomplete));
        assert_eq!(format_here("50% x", "/h"), Err(PercentFault::BadFormat));
        assert_eq!(format_here("%(here)d", "/h"), Err(PercentFault::BadFormat));
    }
}
