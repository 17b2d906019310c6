use std::path::PathBuf;

use thiserror::Error;

/// Why revision files could not be read. `Display` is Alembic's own sentence where it has one.
#[derive(Debug, Error)]
pub enum ScriptError {
    /// The file system said no.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not Python.
    #[error("{}, line {line}, column {column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// The parser's words.
        message: String,
    },
    /// Bytes that are not of the encoding that the file has or declares.
    #[error("{}, line {line}: the file is not {encoding}, as it {}", path.display(), declared_or_assumed(*declared))]
    Encoding {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// The encoding.
        encoding: &'static str,
        /// Whether the file says so itself, by `# -*- coding: … -*-`.
        declared: bool,
    },
    /// More than 4 GB.
    #[error("{} is too large to be a revision file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// No `revision`, and a file name that is none.
    #[error(
        "Could not determine revision id from filename {file_name}. Be sure the 'revision' variable is declared inside the script \
         (please see 'Upgrading from Alembic 0.1 to 0.2' in the documentation)."
    )]
    NoRevisionId {
        /// The name of the file, without its directory.
        file_name: String,
    },
    /// No `down_revision`; a base has to say `None`.
    #[error("{} does not set 'down_revision'", path.display())]
    NoDownRevision {
        /// The file.
        path: PathBuf,
    },
}

impl ScriptError {
    /// Whether Alembic reports this by `FAILED:` (exit 255); otherwise it dies of a traceback (exit 1).
    pub fn is_command_error(&self) -> bool {
        matches!(self, Self::NoRevisionId { .. })
    }
}

fn declared_or_assumed(declared: bool) -> &'static str {
    if declared { "declares" } else { "has to be without a '# -*- coding: … -*-' line" }
}
