use super::Script;
use super::python_text::strip;

impl Script {
    /// Alembic's `Script.doc`: the docstring, stripped, up to the first blank line; may hold newlines, may be empty.
    pub fn doc(&self) -> &str {
        self.long_doc().split("\n\n").next().unwrap_or_default()
    }

    /// Alembic's `Script.longdoc`: the whole docstring, stripped as Python strips (Unicode white space).
    pub fn long_doc(&self) -> &str {
        self.docstring.as_deref().map_or("", strip)
    }
}

/// What Python 3.13 and later make of a docstring when they compile it; older ones leave it as it is.
///
/// Tabs become blanks up to the next multiple of eight, then the smallest indentation of the lines after the first is taken
/// from all of them, and all of the first line's.
pub fn dedent_docstring(docstring: &str) -> String {
    let expanded = expand_tabs(docstring);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let rest = expanded.split('\n').skip(1);
    let margin = rest.filter(|line| indent(line) < line.len()).map(indent).min().unwrap_or(0);
    let mut lines = expanded.split('\n');
    let mut out = lines.next().unwrap_or_default().trim_start_matches(' ').to_owned();
    for line in lines {
        out.push('\n');
        out.push_str(&line[margin.min(indent(line))..]);
    }
    out
}

/// Python's `str.expandtabs(8)`.
fn expand_tabs(text: &str) -> String {
    if !text.contains('\t') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut column = 0;
    for c in text.chars() {
        match c {
            '\t' => {
                let width = 8 - column % 8;
                out.extend(std::iter::repeat_n(' ', width));
                column += width;
            }
            '\n' | '\r' => {
                out.push(c);
                column = 0;
            }
            _ => {
                out.push(c);
                column += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revision::{Revision, RevisionId};
    use crate::script::Spans;

    fn script(docstring: Option<&str>) -> Script {
        let id = RevisionId::from("a");
        Script {
            revision: Revision { id, down: Vec::new(), depends_on: Vec::new(), branch_labels: Vec::new() },
            path: "/a.py".into(),
            docstring: docstring.map(str::to_owned),
            spans: Spans::default(),
            squash: None,
        }
    }

    #[test]
    fn doc_ends_at_the_first_blank_line() {
        let script = script(Some("\u{1c} add x\nand y\n\nRevision ID: a\n\u{a0}"));
        assert_eq!(script.doc(), "add x\nand y");
        assert_eq!(script.long_doc(), "add x\nand y\n\nRevision ID: a");
        assert_eq!(super::tests::script(None).doc(), "");
    }

    #[test]
    fn docstrings_are_dedented_as_python_3_13_does() {
        for (docstring, expected) in [
            ("  a\n    b\n      c\n  ", "a\nb\n  c\n"),
            ("a\n\tb\n  c", "a\n      b\nc"),
            ("\n    x\n\n   y\n", "\n x\n\ny\n"),
            ("a\n   \n  b  \n", "a\n \nb  \n"),
            ("a\n\n\n   ", "a\n\n\n   "),
            ("\ta\n  b", "a\nb"),
            ("  one line", "one line"),
            ("  a\nb", "a\nb"),
            ("a\u{b}\tb", "a\u{b}      b"),
        ] {
            assert_eq!(dedent_docstring(docstring), expected, "{docstring:?}");
        }
    }
}
