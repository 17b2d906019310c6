use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::sql_directive;
use crate::script::{AttachedSql, RevisionFile};

/// A comment for limbec: `# limbec: ignore[rule, other] reason`, in SQL with `--`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    /// What it asks for.
    pub kind: DirectiveKind,
    /// What follows; `None`: nothing.
    pub reason: Option<String>,
    /// The comment, in the decoded text.
    pub range: Range<usize>,
    /// Where it applies.
    pub scope: Scope,
}

/// What a comment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectiveKind {
    /// `ignore[…]`: findings of these rules are accepted.
    Ignore(Vec<String>),
    /// `allow[…]`: consent to something dangerous, such as `destructive-downgrade`; as `ignore`, and asked for by gates.
    Allow(Vec<String>),
    /// `irreversible`: `downgrade()` fails on purpose.
    Irreversible,
    /// Anything else behind `limbec:`.
    Unknown(String),
}

/// Where a comment applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// In front of the first statement behind the docstring and the imports: the whole file.
    File,
    /// At the end of a line: that line. Alone on a line: the next statement. Byte range in the decoded text of those lines.
    Lines(Range<usize>),
}

static SYNTAX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\s)#\s*limbec:\s*(?<word>[\w-]*)\s*(?:\[(?<rules>[^\]]*)\])?\s*(?<reason>.*?)\s*$")
        .expect("a valid pattern")
});

/// The comments for limbec of a revision, those of its SQL files included.
pub(super) fn directives(file: &RevisionFile) -> Vec<Directive> {
    if !file.text().contains("limbec:") {
        return Vec::new();
    }
    // The next statement of a comment at the end is not in another file.
    let python = file.sql().map_or(file.text().len(), AttachedSql::python_length);
    let text = file.text().get(..python).unwrap_or_default();
    let header_end = header_end(file);
    let mut found: Vec<Directive> = file.comments().filter_map(|range| directive(text, range, header_end)).collect();
    found.extend(sql_directive::directives(file));
    found
}

fn directive(text: &str, range: Range<usize>, header_end: usize) -> Option<Directive> {
    let (kind, reason) = read(&SYNTAX, text.get(range.clone())?)?;
    let scope = if range.start < header_end { Scope::File } else { Scope::Lines(lines(text, &range, Mark::Python)) };
    Some(Directive { kind, reason, range, scope })
}

/// What a comment asks for, and the reason that it gives.
pub(super) fn read(syntax: &Regex, comment: &str) -> Option<(DirectiveKind, Option<String>)> {
    let found = syntax.captures(comment)?;
    let rules = || {
        let names = found.name("rules").map_or("", |rules| rules.as_str()).split(',').map(str::trim);
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    };
    let kind = match &found["word"] {
        "ignore" => DirectiveKind::Ignore(rules()),
        "allow" => DirectiveKind::Allow(rules()),
        "irreversible" => DirectiveKind::Irreversible,
        other => DirectiveKind::Unknown(other.to_owned()),
    };
    let reason = Some(&found["reason"]).filter(|reason| !reason.is_empty()).map(|reason| (*reason).to_owned());
    Some((kind, reason))
}

/// What a comment of a language begins with.
#[derive(Clone, Copy)]
pub(super) enum Mark {
    /// `#`
    Python,
    /// `--`
    Sql,
}

impl Mark {
    fn text(self) -> &'static str {
        match self {
            Self::Python => "#",
            Self::Sql => "--",
        }
    }
}

/// Where the header ends: at the first statement that is no docstring.
fn header_end(file: &RevisionFile) -> usize {
    use ruff_python_ast::{Expr, Stmt};
    use ruff_text_size::Ranged;
    let is_docstring =
        |statement: &&Stmt| matches!(statement, Stmt::Expr(inner) if matches!(&*inner.value, Expr::StringLiteral(_)));
    let first = file.body().unwrap_or_default().iter().find(|statement| !is_docstring(statement));
    first.map_or(file.text().len(), |statement| statement.start().to_usize())
}

/// The line of a comment behind code; of one alone on its line: the next line that is neither empty nor a comment.
pub(super) fn lines(text: &str, comment: &Range<usize>, mark: Mark) -> Range<usize> {
    let start = text[..comment.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[comment.end..].find('\n').map_or(text.len(), |newline| comment.end + newline);
    if !text[start..comment.start].trim().is_empty() {
        return start..end;
    }
    let mut from = end;
    for line in text[end..].split_inclusive('\n') {
        let is_code = !line.trim().is_empty() && !line.trim_start().starts_with(mark.text());
        if is_code {
            return from..from + line.len();
        }
        from += line.len();
    }
    start..end
}
