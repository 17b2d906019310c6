//! What Python counts as white space, and how it writes text and paths.

/// Python's `str.isspace` for one character: Unicode white space and the four separators U+001C to U+001F.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Python's `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Python's `str.rstrip()`.
pub(crate) fn strip_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}

/// `str(pathlib.PurePosixPath(text))`: no doubled slashes, no `.` parts, no trailing slash; `..` stays.
pub(crate) fn pure_path(text: &str) -> String {
    let root = match text.bytes().take_while(|byte| *byte == b'/').count() {
        0 => "",
        2 => "//",
        _ => "/",
    };
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let path = format!("{root}{}", parts.join("/"));
    if path.is_empty() { ".".to_owned() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_written_as_pathlib_does() {
        for (text, expected) in
            [("", "."), ("./a//b/", "a/b"), ("a/../b", "a/../b"), ("//x", "//x"), ("///x/.", "/x"), (".", ".")]
        {
            assert_eq!(pure_path(text), expected, "{text}");
        }
    }
}
