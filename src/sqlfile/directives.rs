use std::io::{self, BufRead, Read as _};

use super::error::{SqlFileError, SqlFileProblem};
use super::reader::is_blank;
use super::variables::is_name;

const MARK: &str = "limbec:";
/// How much of a line is looked at, in bytes.
const LONGEST_LINE: u64 = 16 * 1024;
/// Comments for the runner.
const OF_THE_RUNNER: [&str; 2] = ["no-transaction", "variable"];
/// Comments for the linter, which reads them itself.
const OF_THE_LINTER: [&str; 3] = ["ignore", "allow", "irreversible"];

/// What a file says about itself in `--` comments before its first statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// `-- limbec: no-transaction`: the statements are run one by one, outside a transaction.
    pub no_transaction: bool,
    /// `-- limbec: variable NAME`: the variables that it uses besides `schema`, in order.
    pub variables: Vec<String>,
    lines: Vec<usize>,
}

impl Directives {
    /// Reads a file up to its first statement.
    ///
    /// # Errors
    /// A directive is unknown; the file cannot be read or is not UTF-8.
    pub fn read(mut reader: impl BufRead) -> Result<Self, SqlFileError> {
        let mut found = Self::default();
        let mut depth = 0;
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let error = |problem| SqlFileError { line, problem };
            let read = read_line(&mut reader, &mut bytes).map_err(|source| error(SqlFileProblem::Read(source)))?;
            let Ok(text) = std::str::from_utf8(&bytes) else { return Err(error(SqlFileProblem::NotUtf8)) };
            let text = if line == 1 { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
            let Some(comment) = comment_of(text, &mut depth) else { break };
            if let Some(directive) = directive_of(comment) {
                found.take(directive, line).map_err(error)?;
            } else if let Some(problem) = misspelt_mark(comment) {
                return Err(error(problem));
            }
            match read {
                Line::Whole => {}
                Line::Cut => drop(reader.skip_until(b'\n').map_err(|source| error(SqlFileProblem::Read(source)))?),
                Line::None => break,
            }
        }
        Ok(found)
    }

    /// The variables with the lines that name them.
    pub(super) fn declared(&self) -> impl Iterator<Item = (&str, usize)> {
        self.variables.iter().map(String::as_str).zip(self.lines.iter().copied())
    }

    fn take(&mut self, directive: &str, line: usize) -> Result<(), SqlFileProblem> {
        let mut words = directive.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("no-transaction"), None, _) => self.no_transaction = true,
            (Some("variable"), Some(name), None) if is_name(name) => {
                self.variables.push(name.to_owned());
                self.lines.push(line);
            }
            (Some("variable"), Some(name), None) => return Err(SqlFileProblem::NotAName { name: name.to_owned() }),
            _ => return Err(unknown(directive)),
        }
        Ok(())
    }
}

enum Line {
    Whole,
    /// As much of it as may matter.
    Cut,
    None,
}

/// A file may be a single line of any length, which must not be held in memory.
fn read_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<Line> {
    if reader.take(LONGEST_LINE).read_until(b'\n', bytes)? == 0 {
        return Ok(Line::None);
    }
    if bytes.len() as u64 == LONGEST_LINE && !bytes.ends_with(b"\n") {
        // The last character may be cut as well.
        let valid = bytes.utf8_chunks().next().map_or(0, |chunk| chunk.valid().len());
        if bytes.len() - valid < 4 {
            bytes.truncate(valid);
        }
        return Ok(Line::Cut);
    }
    Ok(Line::Whole)
}

/// The text behind `limbec:` in a comment that is meant for the runner.
fn directive_of(comment: &str) -> Option<&str> {
    let directive = comment.trim().strip_prefix(MARK)?.trim();
    let word = directive.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    (!OF_THE_LINTER.contains(&word)).then_some(directive)
}

/// A directive that none of those who read files know.
fn unknown(directive: &str) -> SqlFileProblem {
    let (word, rest) = directive.split_at(directive.find(|c: char| !is_of_word(c)).unwrap_or(directive.len()));
    let known =
        OF_THE_RUNNER.iter().chain(&OF_THE_LINTER).map(|known| (strsim::damerau_levenshtein(word, known), known));
    let similar = known.min().filter(|(distance, known)| *distance <= known.len() / 3);
    let similar = similar.and_then(|(distance, known)| match (distance, *known) {
        (_, "no-transaction") => Some(format!("{MARK} {known}")),
        (0, _) => None,
        _ => Some(format!("{MARK} {known}{rest}")),
    });
    SqlFileProblem::UnknownDirective { text: format!("{MARK} {directive}"), similar }
}

/// `limbec no-transaction`, `Limbec: no-transaction`: a directive whose mark is not as it must be.
fn misspelt_mark(comment: &str) -> Option<SqlFileProblem> {
    let comment = comment.trim();
    let (mark, rest) = comment.split_at_checked("limbec".len())?;
    let directive = rest.trim_start().trim_start_matches(':').trim_start();
    let word = directive.split_whitespace().next()?;
    let is_meant = mark.eq_ignore_ascii_case("limbec") && !comment.starts_with(MARK);
    let is_directive =
        word == "no-transaction" && directive == word || word == "variable" && rest.trim_start().starts_with(':');
    (is_meant && is_directive).then(|| SqlFileProblem::UnknownDirective {
        text: comment.to_owned(),
        similar: Some(format!("{MARK} {directive}")),
    })
}

fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// The first directive in blanks and comments behind the first statement, where none has an effect, and its place.
pub(super) fn late_directive(trivia: &str) -> Option<(usize, &str)> {
    if trivia.len() < MARK.len() {
        return None;
    }
    trivia.match_indices(MARK).find_map(|(at, _)| {
        let (before, from) = trivia.split_at_checked(at)?;
        let is_comment = before.trim_end_matches([' ', '\t']).ends_with("--");
        Some((at, is_comment.then(|| directive_of(from.lines().next()?))??))
    })
}

/// The `--` comment of a line that has nothing before it but blanks and block comments, `""` for none; `None` where a
/// statement begins. `depth` is that of the block comments that are open.
fn comment_of<'l>(line: &'l str, depth: &mut usize) -> Option<&'l str> {
    let mut rest = line;
    loop {
        if *depth == 0 {
            rest = rest.trim_start_matches(|c: char| is_blank(c) || c == ';');
            if let Some(comment) = rest.strip_prefix("--") {
                return Some(comment);
            }
            if rest.is_empty() {
                return Some("");
            }
            rest = rest.strip_prefix("/*")?;
            *depth = 1;
        }
        let Some(next) = rest.find(['*', '/']) else { return Some("") };
        rest = rest.get(next..).unwrap_or_default();
        if let Some(behind) = rest.strip_prefix("*/") {
            *depth -= 1;
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix("/*") {
            *depth += 1;
            rest = behind;
        } else {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
}
