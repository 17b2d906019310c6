use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use super::Tool;
use crate::database::DatabaseError;

/// Why a directory, or the state of a database, is not taken over. Nothing has been changed.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The file system said no.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// There is no such directory.
    #[error("{} is no directory", .0.display())]
    NoDirectory(PathBuf),
    /// Nothing in it looks like a migration.
    #[error("{} holds no migrations{}", directory.display(), tool.map(|tool| format!(" of {tool}")).unwrap_or_default())]
    NoMigrations {
        /// The directory.
        directory: PathBuf,
        /// The tool that was named or recognised.
        tool: Option<Tool>,
        /// Files that are there, relative.
        others: Vec<String>,
    },
    /// Several tools have such files.
    #[error("{} may be of {}", directory.display(), names(candidates))]
    Ambiguous {
        /// The directory.
        directory: PathBuf,
        /// Whose it may be.
        candidates: Vec<Tool>,
    },
    /// Something about files, all of it.
    #[error("{}", listed(problems))]
    Files {
        /// In order, at least one.
        problems: Vec<Problem>,
    },
    /// Versions that the table has, and no file.
    #[error("{table} has {}, of which there is no file", versions.join(", "))]
    NoFile {
        /// The table.
        table: String,
        /// As the table has them.
        versions: Vec<String>,
    },
    /// A row that says several files at once.
    #[error("{table} has {row}, which may be {}", files.join(" or "))]
    Undecided {
        /// The table.
        table: String,
        /// The row's name.
        row: String,
        /// The files.
        files: Vec<String>,
    },
    /// Two rows that say the same file.
    #[error("{table} has {} and {}, and both are {file}", rows[0], rows[1])]
    TwoRows {
        /// The table.
        table: String,
        /// The names of the rows.
        rows: [String; 2],
        /// The file.
        file: String,
    },
    /// A person named a version that there is not.
    #[error("no migration is {version}; the last one is {}", files.last().map_or("none", String::as_str))]
    NoSuchVersion {
        /// As it was typed.
        version: String,
        /// All files, in order.
        files: Vec<String>,
    },
    /// A migration that was begun and not finished.
    #[error("{table} says of {version} that {reason}")]
    Unfinished {
        /// The table.
        table: String,
        /// As the table has it.
        version: String,
        /// How: "it is dirty".
        reason: String,
    },
    /// Files that are not as they were when they ran.
    #[error("changed since they were applied, by the checksums in {table}: {}", files.join(", "))]
    Changed {
        /// The table.
        table: String,
        /// The files.
        files: Vec<String>,
    },
    /// Applied ones after ones that are not.
    #[error(
        "not applied: {}; but after {}: {}", missing.join(", "), if missing.len() == 1 { "it" } else { "them" }, applied.join(", ")
    )]
    Holes {
        /// The files that should have run.
        missing: Vec<String>,
        /// The files after the first of them that have.
        applied: Vec<String>,
    },
    /// A table that was named is not there, or is another tool's.
    #[error("{table} is no table of {tool}: {reason}")]
    NotItsTable {
        /// The table.
        table: String,
        /// The tool.
        tool: Tool,
        /// What is missing.
        reason: String,
    },
    /// The same version is in the project as another revision.
    #[error("version {version} is {file} here, but {known} in the project")]
    OtherRevision {
        /// The version.
        version: String,
        /// The old file.
        file: String,
        /// The revision file.
        known: String,
    },
    /// What the database says.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Relative to the directory.
    pub file: String,
    /// Counted from 1, where it is a line.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}, line {line}: {}", self.file, self.reason),
            None => write!(f, "{}: {}", self.file, self.reason),
        }
    }
}

impl Problem {
    /// About a line.
    pub fn at(file: &str, line: usize, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: Some(line), reason: reason.into() }
    }

    /// About a file as a whole.
    pub fn of(file: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, reason: reason.into() }
    }
}

/// Nothing, or the error that lists them.
pub(super) fn none(problems: Vec<Problem>) -> Result<(), ImportError> {
    if problems.is_empty() { Ok(()) } else { Err(ImportError::Files { problems }) }
}

fn listed(problems: &[Problem]) -> String {
    match problems {
        [problem] => problem.to_string(),
        several => {
            let lines: Vec<String> = several.iter().map(|problem| format!("\n  {problem}")).collect();
            format!("{} places cannot be taken over{}", several.len(), lines.concat())
        }
    }
}

fn names(tools: &[Tool]) -> String {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name()).collect();
    names.join(" or ")
}
