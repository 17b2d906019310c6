//! What Alembic sent for each step of a run, as the driver heard it (python/limbec/driver/recording.py).

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a step's script sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordedStep {
    /// In order.
    pub statements: Vec<RecordedStatement>,
}

/// A statement as the server got it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordedStatement {
    /// Parameters written into it, as literals of the types that the driver sends.
    pub sql: String,
    /// As Alembic would print it offline; `None` where a parameter has no literal that is surely the same.
    pub compared: Option<String>,
    /// Why there is no such literal.
    pub reason: Option<String>,
}

/// What is known of a whole run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordedRun {
    /// Statements outside of the steps that are not Alembic's on its version table.
    pub elsewhere: Vec<String>,
    /// Settings of the session by name: PostgreSQL's, and its users; some PRAGMAs of SQLite.
    pub settings: BTreeMap<String, String>,
    /// Who listens to the connection, besides SQLAlchemy and limbec.
    pub listeners: Vec<RecordedListener>,
    /// Functions of the application in the making of SQL; the event is what they are about.
    #[serde(default)]
    pub hooks: Vec<RecordedListener>,
    /// The tenant's environment variables that were read, and `-x` where the arguments were.
    #[serde(default)]
    pub read: Vec<String>,
    /// The names of SQLite's functions.
    #[serde(default)]
    pub functions: Vec<String>,
}

/// A function that listens to events of SQLAlchemy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct RecordedListener {
    /// The event.
    pub event: String,
    /// The file that the function is in, as Python has it.
    pub file: String,
}
