//! The version table on real databases: one scenario, run per dialect.
//!
//! SQLite always runs. PostgreSQL runs beside `scripts/with-servers`, whose variables (tests/support/postgres.py) name
//! the server as a superuser, as a user with a password, its certificate, and PgBouncer in transaction mode. Every test
//! makes its own database and drops it. Without a variable a skip is printed, which is a failure where `CI` is `true`.

mod catalogue;
mod fixture;
mod folded_schema;
mod history;
mod invalid_indexes;
mod locks;
mod measure;
mod pgbouncer;
mod postgres;
mod queue;
mod roles;
mod scenario;
mod sql_files;
mod sqlite;
mod table_locks;
mod tls;
mod verify;
