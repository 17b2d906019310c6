use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::directive::{Mark, lines, read};
use super::{Directive, DirectiveKind, Scope};
use crate::script::{RevisionFile, SqlFile};
use crate::sqlfile::{Lexicon, Tokens};

static SYNTAX: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\s)--\s*limbec:\s*(?<word>[\w-]*)\s*(?:\[(?<rules>[^\]]*)\])?\s*(?<reason>.*?)\s*$")
        .expect("a valid pattern")
});

/// The comments for the linter in the SQL files of a revision: `-- limbec: ignore[rule] reason`. Those for the runner are none of its
/// business, and what is unknown is an error of the file.
pub(super) fn directives(file: &RevisionFile) -> Vec<Directive> {
    let files = file.sql().into_iter().flat_map(|sql| sql.files());
    files.flat_map(|sql| of_file(file, sql)).collect()
}

fn of_file(file: &RevisionFile, sql: &SqlFile) -> Vec<Directive> {
    let text = sql.text(file);
    if !text.contains("limbec:") {
        return Vec::new();
    }
    let first = Tokens::new(text, Lexicon::Postgres).next().map_or(text.len(), |token| token.range.start);
    let start = sql.range.start;
    let found = comments(text).into_iter().filter_map(|comment| {
        let (kind, reason) = read(&SYNTAX, text.get(comment.clone())?)?;
        if matches!(kind, DirectiveKind::Unknown(_)) {
            return None;
        }
        let range = start + comment.start..start + comment.end;
        let is_for_all = comment.end <= first && is_apart(text.get(comment.end..first)?);
        let lines = if is_for_all { sql.range.clone() } else { lines(file.text(), &range, Mark::Sql) };
        Some(Directive { kind, reason, range, scope: Scope::Lines(lines) })
    });
    found.collect()
}

/// Whether there is an empty line between a comment and the first statement, or no statement at all.
fn is_apart(between: &str) -> bool {
    let lines: Vec<&str> = between.split('\n').collect();
    lines.get(1..lines.len() - 1).unwrap_or_default().iter().any(|line| line.trim().is_empty())
}

/// The `--` comments of a text: they are in the gaps between its tokens.
fn comments(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut end = 0;
    for token in Tokens::new(text, Lexicon::Postgres) {
        gap(text, end..token.range.start, &mut found);
        end = token.range.end;
    }
    gap(text, end..text.len(), &mut found);
    found
}

fn gap(text: &str, gap: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut at = gap.start;
    while let Some(rest) = text.get(at..gap.end).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("--") {
            let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
            found.push(at..at + length);
            at += length;
        } else if rest.starts_with("/*") {
            at += block_comment(rest);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// The length of the comment that a text begins with; PostgreSQL's nest.
fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0usize);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}
