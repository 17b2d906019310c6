//! What a revision file means, as a hash that stays when only its looks change.
//!
//! Of a file that is Python, the hash is that of its syntax tree (`ast1:` and 64 hexadecimal digits). It does not see comments,
//! blank lines, indentation, line ends, parentheses that change nothing, how a string or a number is written, docstrings
//! (of the module, its functions and classes) and `pass`. Everything else counts, `revision`, `down_revision`, `depends_on` and
//! `branch_labels` included.
//!
//! The hash is SHA-256 over a form of the tree that is limbec's own, so that lock files stay valid whatever becomes of the
//! parser. The tree is that of Python's module `ast`: the same names of nodes, the same fields in the same order, without
//! contexts and type comments. A node is `(`, its name, its fields and `)`; a list `[`, its items and `]`; what is not there
//! `-`; a truth value `1` or `0`; a text its length in bytes, a colon and the text. Operators are texts as written in
//! Python. Constants are nodes by the name of their type (`str`, `bytes`, `int`, `float`, `complex`, `bool`, `None`, `Ellipsis`); floats
//! are the eight bytes of their IEEE form, big end first. Defaults of parameters follow their parameter.
//! The text `ast1` comes first, then the list of the module's statements.
//!
//! Of a revision whose work is in SQL files, the hash is that of the tree and of both files (`sql1:`): of their tokens without comments and
//! blanks, as PostgreSQL and as SQLite has them, and of what their comments tell the runner.
//!
//! Of a file that is no Python (or nests too deeply to be looked at) the hash is that of the text with `\n` for its line ends: `text1:`.

mod encoder;
mod expressions;
mod parts;
mod patterns;
mod sql;
mod statements;

use std::fmt;

use ruff_python_ast::Stmt;
use sha2::{Digest, Sha256};

use self::encoder::{Documents, Encoder};
pub(super) use self::parts::Parts;
use crate::script::RevisionFile;

/// What a revision file means: equal for two files that do the same in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Meaning {
    form: Form,
    /// 64 hexadecimal digits.
    digits: String,
}

/// What was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    /// The syntax tree.
    Tree,
    /// The syntax tree, and the SQL files that it runs.
    Sql,
    /// The text, where there is no tree.
    Text,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Tree => "ast1",
            Self::Sql => "sql1",
            Self::Text => "text1",
        }
    }
}

const DIGITS: usize = 64;

impl Meaning {
    /// The meaning of a file: of its tree where it has one, else of its text.
    pub fn of(file: &RevisionFile) -> Self {
        match (file.body(), file.sql()) {
            (None, _) => Self::of_text(file),
            (Some(body), None) => Self::of_tree(body),
            (Some(body), Some(sql)) => Self { form: Form::Sql, digits: sql::of_revision(body, sql) },
        }
    }

    /// Whether a file still means this, by the same form of hash.
    pub fn is_of(&self, file: &RevisionFile) -> bool {
        match self.form {
            Form::Text => *self == Self::of_text(file),
            Form::Tree => file.sql().is_none() && file.body().is_some_and(|body| *self == Self::of_tree(body)),
            Form::Sql => file.sql().is_some() && *self == Self::of(file),
        }
    }

    fn of_tree(body: &[Stmt]) -> Self {
        let mut encoder = Encoder::new(Form::Tree.name());
        encoder.body(body, Documents::Yes);
        Self { form: Form::Tree, digits: encoder.finish() }
    }

    /// The hash of the text, whether there is a tree or not.
    pub(super) fn of_text(file: &RevisionFile) -> Self {
        let mut hasher = Sha256::new();
        let mut rest = file.bytes();
        rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
        while let Some(at) = memchr::memchr(b'\r', rest) {
            let (line, end) = rest.split_at(at);
            hasher.update(line);
            hasher.update(b"\n");
            rest = end.strip_prefix(b"\r\n").or(end.strip_prefix(b"\r")).unwrap_or_default();
        }
        hasher.update(rest);
        Self { form: Form::Text, digits: hexadecimal(&hasher.finalize()) }
    }

    /// Whether it is the hash of a text, because there is no tree: every change of the text counts.
    pub fn is_of_text(&self) -> bool {
        self.form == Form::Text
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let (form, digits) = text.split_once(':')?;
        let form = [Form::Tree, Form::Sql, Form::Text].into_iter().find(|known| known.name() == form)?;
        let well_formed =
            digits.len() == DIGITS && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        well_formed.then(|| Self { form, digits: digits.to_owned() })
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As in the lock file: `ast1:9f86…`
impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.form.name(), self.digits)
    }
}

#[cfg(test)]
mod tests;
