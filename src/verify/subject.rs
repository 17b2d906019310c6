use std::path::PathBuf;

use thiserror::Error;

use super::RevisionFiles;
use crate::catalogue::CatalogueError;
use crate::database::{
    Connection, DatabaseError, DatabaseUrl, Dialect, Environment, HistoryError, HistoryTable, LockError,
    VersionTableName,
};
use crate::operation;
use crate::script::ScriptDirectory;

/// One version table and the project that it should belong to.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The database.
    pub url: &'a DatabaseUrl,
    /// What a connection may take from the environment.
    pub environment: &'a Environment,
    /// The version table.
    pub table: &'a VersionTableName,
    /// The schemas that the scripts' connection looks in; none: where connections look.
    pub search_path: Vec<String>,
    /// Where the history is, if there is one.
    pub history: &'a HistoryTable,
    /// The graph.
    pub scripts: &'a ScriptDirectory,
    /// What the files do.
    pub files: &'a RevisionFiles,
    /// Where git runs.
    pub repository: PathBuf,
}

/// Why a database cannot be verified or repaired.
#[derive(Debug, Error)]
pub enum VerifyError {
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// Its catalogue.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// Its history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Its lock.
    #[error(transparent)]
    Lock(#[from] LockError),
}

impl Subject<'_> {
    /// The dialect in the words of the operations.
    pub(super) fn dialect(&self) -> operation::Dialect {
        match self.url.dialect() {
            Dialect::Sqlite => operation::Dialect::Sqlite,
            _ => operation::Dialect::Postgresql,
        }
    }

    /// The path of a revision's file.
    pub(super) fn path(&self, id: &str) -> Option<String> {
        let index = self.scripts.map.position(id)?;
        Some(self.scripts.script(index).path.display().to_string())
    }

    /// The version table's rows, whatever is in them.
    pub(super) fn rows(&self, connection: &mut Connection) -> Result<Option<super::VersionRows>, VerifyError> {
        super::VersionRows::read(connection, self.table)
    }
}
