//! Databases: SQLAlchemy's URLs, and the version table on PostgreSQL and SQLite. Other dialects go through the engine.
//!
//! Nothing here reads the environment: `PG…` variables and `HOME` come in as an [`Environment`]. No error and no
//! `Display` or `Debug` text holds a password.

mod backup;
mod connection;
mod dialect;
mod environment;
mod error;
mod history;
mod lock;
mod mark;
mod measure;
mod own_tables;
mod percent;
mod postgres;
mod rows;
mod schema_name;
mod search_path;
mod sqlite;
mod statement;
mod tls;
mod untyped;
mod url;
mod version_repair;
mod version_table;
mod waiting;

pub use backup::{BackupError, back_up, back_up_schema, dump_sql};
pub use connection::{Access, Connection, Transaction};
pub use dialect::Dialect;
pub use environment::Environment;
pub use error::DatabaseError;
pub use history::{
    CommittedPart, History, HistoryDirection, HistoryEntry, HistoryError, HistoryFilter, HistoryStatement,
    HistoryTable, LatestRecords, Outcome, Record, Settlement,
};
pub use lock::{
    DatabaseLock, LockError, LockHolder, LockMethod, LockPatience, LockProof, LockRequest, LockWait, lock_name,
};
pub use measure::{Count, Gauge, MeasureLimits, TableFacts};
pub use own_tables::{BOOTSTRAP_TABLE, LOCK_TABLE, OWN_SCHEMA, SEED_TABLE};
pub use postgres::{
    Contents, DatabaseFacts, InvalidIndex, ListedDatabase, LockingSession, Password, Placement, PostgresServer,
    RelationName, RoleFacts, Session,
};
pub use schema_name::{SchemaNameError, check_schema_name};
pub use statement::StatementError;
pub use url::{DatabaseUrl, UrlError};
pub use version_table::{VersionTableName, quote_identifier};
pub use waiting::wait_for_database;
