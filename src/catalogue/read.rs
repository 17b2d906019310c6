use serde::de::DeserializeOwned;
use thiserror::Error;

use super::{Catalogue, Scope, postgres, sqlite};
use crate::database::{Connection, DatabaseError};

/// Why a catalogue cannot be read.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// The database says no.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// An answer that is not what was asked for.
    #[error("the catalogue of the database has an entry that limbec does not understand: {reason}")]
    Answer {
        /// What is wrong with it.
        reason: String,
    },
}

impl Catalogue {
    /// Reads what a database has.
    ///
    /// # Errors
    /// The database does not answer.
    pub fn read(connection: &mut Connection, scope: &Scope) -> Result<Self, CatalogueError> {
        match connection {
            Connection::Postgres(_) => postgres::read(connection, scope),
            Connection::Sqlite(_) => sqlite::read(connection, scope),
        }
    }
}

/// The rows of a query whose only column is a JSON object.
pub(super) fn rows<T: DeserializeOwned>(
    connection: &mut Connection,
    sql: &str,
    parameters: &[&str],
) -> Result<Vec<T>, CatalogueError> {
    let understood = |text: &String| {
        serde_json::from_str(text).map_err(|error| CatalogueError::Answer { reason: error.to_string() })
    };
    connection.first_column(sql, parameters)?.iter().map(understood).collect()
}
