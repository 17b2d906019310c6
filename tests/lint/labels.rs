use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ruff_python_ast::token::TokenKind;
use ruff_text_size::Ranged;

/// A revision file and what its comments expect of the linter.
pub(super) struct Labelled {
    pub path: PathBuf,
    /// First and last line of every statement, from 1; of a compound statement its header.
    statements: Vec<(usize, usize)>,
    /// Names of rules by the statement that is to be found; empty for `none`.
    expected: BTreeMap<usize, BTreeSet<String>>,
}

impl Labelled {
    pub(super) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let statements = statements(&text);
        let mut labelled = Self { path: path.to_owned(), statements, expected: BTreeMap::new() };
        for (number, line) in text.lines().enumerate() {
            let Some((_, names)) = line.split_once("# expect: ") else { continue };
            let statement = labelled.statement_at(number + 1).expect("a label belongs to a statement");
            let names = names.split(',').map(|name| name.trim().to_owned()).filter(|name| name != "none");
            labelled.expected.entry(statement).or_default().extend(names);
        }
        labelled
    }

    /// The statement that a line belongs to, named by its first line.
    pub(super) fn statement_at(&self, line: usize) -> Option<usize> {
        self.statements.iter().find(|(first, last)| (*first..=*last).contains(&line)).map(|(first, _)| *first)
    }

    /// (first line of a statement, name of a rule) of everything that is to be found.
    pub(super) fn expectations(&self) -> BTreeSet<(usize, String)> {
        let pairs = self.expected.iter();
        pairs.flat_map(|(line, names)| names.iter().map(|name| (*line, name.clone()))).collect()
    }
}

/// First and last line of every logical line.
fn statements(text: &str) -> Vec<(usize, usize)> {
    let parsed = ruff_python_parser::parse_module(text).expect("labelled files are valid Python");
    let line_of = |offset: usize| text[..offset].matches('\n').count() + 1;
    let mut statements = Vec::new();
    let mut first = None;
    for token in parsed.tokens() {
        match token.kind() {
            TokenKind::Newline => {
                if let Some(first) = first.take() {
                    statements.push((first, line_of(token.start().to_usize())));
                }
            }
            TokenKind::Comment | TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent => {}
            _ => first = first.or_else(|| Some(line_of(token.start().to_usize()))),
        }
    }
    statements
}

/// The Python files of a folder, sorted.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "py")).collect()
}

/// The folders of a folder that hold a chain of revisions, sorted.
pub(super) fn chains(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir() && !files(path).is_empty()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
