use std::path::PathBuf;

use thiserror::Error;

use crate::sqlfile::SqlFileError;

/// Why a bundle cannot be written, read or used.
#[derive(Debug, Error)]
pub enum BundleError {
    /// The file cannot be read.
    #[error("cannot read the bundle {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write the bundle {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that belongs into the bundle cannot be read.
    #[error("cannot read {}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An SQL file of the bundle is not what limbec runs.
    #[error("{}:{}: {}", path.display(), error.line, error.problem)]
    File {
        /// The file.
        path: PathBuf,
        /// The line, and what is wrong there; said in the sentence, so no source of its own.
        error: SqlFileError,
    },
    /// It does not begin as bundles do.
    #[error("{} is no bundle of limbec", path.display())]
    NoBundle {
        /// The file.
        path: PathBuf,
    },
    /// A later limbec has written it.
    #[error("the bundle {} has the form {found}; this limbec knows the form {known}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Its form.
        found: u64,
        /// The one that is known.
        known: u64,
    },
    /// Bytes are missing, or there are too many.
    #[error("the bundle {} is not whole: it should have {expected} bytes after its first line, and has {found}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// As its first line says.
        expected: u64,
        /// As there are.
        found: u64,
    },
    /// The hash in its first line is another one.
    #[error("the bundle {} was changed after it was built: its SHA-256 is {found}, and its first line says {expected}", path.display())]
    Hash {
        /// The file.
        path: PathBuf,
        /// As its first line says.
        expected: String,
        /// As it is.
        found: String,
    },
    /// The hash fits and the content does not.
    #[error("line {line} of the bundle {} is not understood: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// Why.
        reason: String,
    },
    /// A step was changed between the look at the whole file and its run.
    #[error("the bundle {} was changed while it was applied: {direction} of {revision} is another one", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// `upgrade` or `downgrade`.
        direction: &'static str,
        /// The revision.
        revision: String,
    },
    /// The revisions of the bundle make no graph.
    #[error("the revisions of the bundle {} make no history: {reason}", path.display())]
    Graph {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A step whose SQL is not in the bundle.
    #[error("the bundle has no SQL for {direction} of {revision}: {reason}")]
    NeedsPython {
        /// `upgrade` or `downgrade`.
        direction: &'static str,
        /// The revision.
        revision: String,
        /// Why, as it was found when the bundle was built.
        reason: String,
    },
    /// env.py does more than to run revisions.
    #[error("what env.py does cannot be put into a bundle: {reason}")]
    EnvPy {
        /// What it does.
        reason: String,
    },
    /// The database speaks another language.
    #[error("the bundle was built for {bundle}, and the database is {database}")]
    Dialect {
        /// Of the bundle.
        bundle: String,
        /// Of the database.
        database: String,
    },
    /// The server is older than what the bundle was built for.
    #[error("the bundle was built for PostgreSQL {bundle} and later, and the server is PostgreSQL {server}")]
    Server {
        /// Lowest major version.
        bundle: u32,
        /// Major version of the server.
        server: u32,
    },
    /// The version table holds what the bundle does not have.
    #[error("the version table holds {row}, which this bundle does not know")]
    UnknownRow {
        /// The row.
        row: String,
    },
}
