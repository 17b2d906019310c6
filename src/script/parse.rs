use std::path::Path;

use super::{Script, ScriptError};

/// What parsing could say of a file.
#[derive(Debug)]
pub enum Parsed {
    /// Everything is a literal (or leads to one).
    Script(Box<Script>),
    /// Python has to be asked for this file alone.
    Undecided(Undecided),
}

/// What could not be decided from the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undecided {
    /// The variable, such as `down_revision`.
    pub name: String,
    /// Line of the assignment, from 1.
    pub line: usize,
    /// Why, in words: "is computed by a call", "is imported from app.db".
    pub reason: String,
}

/// Reads what a revision file declares.
#[expect(unused_variables)]
pub fn parse_revision(path: &Path, source: &[u8]) -> Result<Parsed, ScriptError> {
    todo!()
}
