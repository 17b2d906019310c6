//! PostgreSQL: libpq's connection settings, its order of attempts, and the version table.

mod administration;
mod announced;
mod connect;
mod connection;
mod databases;
mod hosts;
mod invalid_indexes;
mod locking_sessions;
mod ownership;
mod passfile;
mod password;
mod relations;
mod roles;
mod schemas;
mod service;
mod settings;
mod statement;
mod version_tables;

pub use administration::{ListedDatabase, PostgresServer};
pub(super) use connection::PostgresConnection;
pub use databases::{Contents, DatabaseFacts, Session};
pub(super) use hosts::hosts_of;
pub use invalid_indexes::InvalidIndex;
pub use locking_sessions::LockingSession;
pub use ownership::RoleFacts;
pub use password::Password;
pub use relations::RelationName;
pub use schemas::Placement;
pub(super) use schemas::TAKE_TURNS;
pub(super) use settings::libpq_variables;
