use std::sync::LazyLock;

use regex::Regex;

use super::NeedsPython;

/// A piece of a template. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// Copied to the output.
    Text(String),
    /// `${text | filters}`
    Expression { line: usize, text: String, filters: String },
    /// `% if …:`
    Control { line: usize, text: String },
    /// `<% … %>`, with `module` for `<%! … %>`
    Code { line: usize, text: String, module: bool },
}

#[expect(clippy::expect_used, reason = "a constant pattern, compiled in every test run")]
static CODING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\A#.*coding[:=]\s*([-\w.]+).*\r?\n").expect("valid pattern"));

/// Reads a template's bytes as `mako.lexer.Lexer` does.
pub(super) fn lex(source: &[u8]) -> Result<Vec<Node>, NeedsPython> {
    let source = source.strip_prefix(b"\xef\xbb\xbf").unwrap_or(source);
    let Ok(text) = std::str::from_utf8(source) else {
        return Err(NeedsPython::new(1, "the template is not UTF-8"));
    };
    let mut lexer = Lexer { text, at: 0, nodes: Vec::new() };
    if let Some(coding) = CODING.captures(text) {
        if !coding[1].eq_ignore_ascii_case("utf-8") && !coding[1].eq_ignore_ascii_case("utf8") {
            return Err(NeedsPython::new(1, "the template declares another encoding than UTF-8"));
        }
        // Mako swallows the line of the encoding comment.
        lexer.at = coding[0].len();
    }
    while lexer.at < text.len() {
        lexer.step()?;
    }
    Ok(lexer.nodes)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    nodes: Vec<Node>,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn line(&self) -> usize {
        1 + self.text[..self.at].matches('\n').count()
    }

    fn need<T>(&self, what: &str) -> Result<T, NeedsPython> {
        Err(NeedsPython::new(self.line(), what))
    }

    fn at_line_start(&self) -> bool {
        self.at == 0 || self.text.as_bytes()[self.at - 1] == b'\n'
    }

    fn push_text(&mut self, text: &str) {
        if let Some(Node::Text(last)) = self.nodes.last_mut() {
            last.push_str(text);
        } else if !text.is_empty() {
            self.nodes.push(Node::Text(text.to_owned()));
        }
    }

    /// One turn of Mako's loop: its matchers in its order.
    fn step(&mut self) -> Result<(), NeedsPython> {
        if self.rest().starts_with("${") {
            return self.expression();
        }
        if self.at_line_start() && self.control_line()? {
            return Ok(());
        }
        if let Some(body) = self.rest().strip_prefix("<%doc>")
            && let Some(end) = body.find("</%doc>")
        {
            self.at += "<%doc>".len() + end + "</%doc>".len();
            return Ok(());
        }
        if let Some(body) = self.rest().strip_prefix("<%text>") {
            let Some(end) = body.find("</%text>") else { return self.need("a <%text> is not closed") };
            self.push_text(&body[..end]);
            self.at += "<%text>".len() + end + "</%text>".len();
            return Ok(());
        }
        if self.rest().starts_with("<%") {
            return self.code();
        }
        if self.rest().starts_with("</%") {
            return self.need("a closing tag");
        }
        if self.at_line_start() && self.percent() {
            return Ok(());
        }
        self.plain();
        Ok(())
    }

    fn expression(&mut self) -> Result<(), NeedsPython> {
        let line = self.line();
        self.at += 2;
        let (text, end) = self.until(true, &["|", "}"])?;
        let filters = if end == "|" { self.until(true, &["}"])?.0.trim() } else { "" };
        self.nodes.push(Node::Expression { line, text: text.replace("\r\n", "\n"), filters: filters.to_owned() });
        Ok(())
    }

    fn code(&mut self) -> Result<(), NeedsPython> {
        let line = self.line();
        if self.rest()[2..].starts_with(|c: char| c.is_alphanumeric() || "_.:".contains(c)) {
            return self.need("a Mako tag");
        }
        self.at += 2;
        let module = self.rest().starts_with('!');
        self.at += usize::from(module);
        let (text, _) = self.until(false, &["%>"])?;
        self.nodes.push(Node::Code { line, text: text.to_owned(), module });
        Ok(())
    }

    /// Mako's `match_control_line`: `% …` and `## …`, up to and including the line's end.
    fn control_line(&mut self) -> Result<bool, NeedsPython> {
        let body = self.rest().trim_start_matches([' ', '\t']);
        let comment = body.starts_with("##");
        if !comment && (!body.starts_with('%') || body.starts_with("%%")) {
            return Ok(false);
        }
        let line = self.line();
        let end = body.find('\n').unwrap_or(body.len());
        let text = body[..end].strip_suffix('\r').unwrap_or(&body[..end]);
        if text.contains('\r') || text.ends_with('\\') {
            return self.need("a control line or comment that is continued");
        }
        let indent = self.rest().len() - body.len();
        self.at = (self.at + indent + end + 1).min(self.text.len());
        if !comment {
            let text = text[1..].trim_start_matches([' ', '\t']).to_owned();
            self.nodes.push(Node::Control { line, text });
        }
        Ok(true)
    }

    /// Mako's `match_percent`: `%%` at the start of a line is a percent sign. Blank lines before it belong to the match.
    fn percent(&mut self) -> bool {
        let body = self.rest().trim_start_matches(is_python_space);
        let Some(after) = body.strip_prefix("%%") else { return false };
        let blanks = &self.rest()[..self.rest().len() - body.len()];
        self.push_text(blanks);
        self.push_text("%");
        let more = after.len() - after.trim_start_matches('%').len();
        self.push_text(&after[..more]);
        self.at = self.text.len() - after.len() + more;
        true
    }

    /// Mako's `match_text`: up to the next thing that could be something else; a backslash before a line's end
    /// swallows both.
    fn plain(&mut self) {
        let rest = self.rest();
        let mut previous = None;
        for (at, c) in rest.char_indices() {
            let here = &rest[at..];
            if previous == Some('\n') && at > 0 {
                let line = here.trim_start_matches([' ', '\t']);
                if line.starts_with('%') || line.starts_with("##") {
                    return self.take_text(at, at);
                }
            }
            if here.starts_with("${") || here.starts_with("<%") || here.starts_with("</%") {
                return self.take_text(at, at);
            }
            for escaped in ["\\\n", "\\\r\n"] {
                if here.starts_with(escaped) {
                    return self.take_text(at, at + escaped.len());
                }
            }
            previous = Some(c);
        }
        self.take_text(rest.len(), rest.len());
    }

    fn take_text(&mut self, end: usize, next: usize) {
        let text = &self.rest()[..end];
        self.push_text(text);
        self.at += next;
    }

    /// Mako's `parse_until_text`: the text before the first terminator that is not in a string, a comment or
    /// (`nesting`) brackets, and the terminator.
    fn until(&mut self, nesting: bool, terminators: &[&'static str]) -> Result<(&'t str, &'static str), NeedsPython> {
        let start = self.at;
        let mut levels = [0_i64; 3];
        while self.at < self.text.len() {
            let rest = self.rest();
            if rest.starts_with('#')
                && let Some(end) = rest.find('\n')
            {
                self.at += end + 1;
                continue;
            }
            if let Some(length) = string_length(rest) {
                self.at += length;
                continue;
            }
            if let Some(found) = terminators.iter().find(|terminator| rest.starts_with(**terminator)) {
                self.at += found.len();
                if !nesting || levels.iter().all(|level| *level <= 0) {
                    return Ok((&self.text[start..self.at - found.len()], found));
                }
                count(&mut levels, found);
                continue;
            }
            let stop = |(at, c): &(usize, char)| {
                matches!(c, '"' | '\'' | '#') || terminators.iter().any(|text| rest[*at..].starts_with(text))
            };
            let Some((end, c)) = rest.char_indices().find(stop) else { break };
            count(&mut levels, &rest[..end]);
            // An empty match makes Mako step over one character.
            self.at += if end == 0 { c.len_utf8() } else { end };
        }
        self.at = start;
        self.need("an expression or a block is not closed")
    }
}

fn count(levels: &mut [i64; 3], text: &str) {
    for c in text.chars() {
        match c {
            '{' => levels[0] += 1,
            '}' => levels[0] -= 1,
            '(' => levels[1] += 1,
            ')' => levels[1] -= 1,
            '[' => levels[2] += 1,
            ']' => levels[2] -= 1,
            _ => {}
        }
    }
}

/// Length of the Python string literal (without prefix) that a text starts with.
fn string_length(text: &str) -> Option<usize> {
    ["\"\"\"", "'''", "\"", "'"].iter().find_map(|quote| {
        let mut chars = text.strip_prefix(quote)?.char_indices();
        while let Some((at, c)) = chars.next() {
            if text[quote.len() + at..].starts_with(quote) {
                return Some(at + 2 * quote.len());
            }
            if c == '\\' {
                chars.next()?;
            }
        }
        None
    })
}

/// Python's `\s` for `str`.
fn is_python_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(source: &str) -> String {
        lex(source.as_bytes())
            .unwrap()
            .iter()
            .map(|node| match node {
                Node::Text(text) => text.clone(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn text_comments_and_escapes() {
        assert_eq!(text("a\n## gone\nb \\\nc\n  %% d\n%%%e\n"), "a\nb c\n  % d\n%%e\n");
        assert_eq!(text("# -*- coding: utf-8 -*-\nx"), "x");
        assert_eq!(text("a <%doc> x\n y </%doc>b<%text>${c}</%text>"), "a b${c}");
        assert_eq!(text("\u{feff}100% # ## x\r\n"), "100% # ## x\r\n");
    }

    #[test]
    fn expressions_end_where_mako_ends_them() {
        let nodes = lex(b"${ {'}': \"|\"}['}'] | n , h }!").unwrap();
        assert_eq!(
            nodes,
            [
                Node::Expression { line: 1, text: " {'}': \"|\"}['}'] ".to_owned(), filters: "n , h".to_owned() },
                Node::Text("!".to_owned()),
            ]
        );
    }

    #[test]
    fn what_is_not_understood_names_its_line() {
        for source in ["a\n${b", "a\n<%def name=\"x()\"></%def>", "a\n</%x>", "a\n% if x \\\n:\n"] {
            assert_eq!(lex(source.as_bytes()).unwrap_err().line, 2, "{source}");
        }
        assert!(lex(b"# coding: latin-1\nx").is_err());
        assert!(lex(b"\xff").is_err());
    }
}
