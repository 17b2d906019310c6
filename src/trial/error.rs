use std::path::PathBuf;

use thiserror::Error;

use crate::catalogue::CatalogueError;
use crate::database::DatabaseError;
use crate::migrate::MigrateError;
use crate::revision::RevisionError;

/// Why a trial could not be held. What it finds in the history is no error.
#[derive(Debug, Error)]
pub enum TrialError {
    /// The server says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The catalogue of an ephemeral database could not be read.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The graph has no order to try it in.
    #[error(transparent)]
    Graph(#[from] RevisionError),
    /// env.py could not be run at all.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// No PostgreSQL is installed.
    #[error("no PostgreSQL server is installed here: {tried}")]
    NoPrograms {
        /// Where it was looked for.
        tried: String,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed")]
    Program {
        /// Which.
        program: PathBuf,
        /// Its own words; the last lines.
        #[source]
        words: Words,
    },
    /// PostgreSQL refuses to run as root, and there is nobody else.
    #[error("PostgreSQL does not run as root, and this system has neither a user postgres nor a user nobody")]
    NoUser,
    /// A file or folder of the trial.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A fixture that is not what the database or the graph expects.
    #[error("the fixture {}: {reason}", path.display())]
    Fixture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What has run once does not run a second time on a database in the same state.
    #[error("revisions that ran before do not run again on a fresh database: {words}")]
    NotRepeatable {
        /// What went wrong.
        words: String,
    },
    /// Ctrl-C, or a signal to end; everything was dropped.
    #[error("interrupted")]
    Interrupted,
}

/// What a program wrote before it failed.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Words(pub String);

impl TrialError {
    pub(super) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { what, path, source }
    }
}
