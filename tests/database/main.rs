//! The version table on real databases: one scenario, run per dialect.
//!
//! SQLite always runs. PostgreSQL runs when `LIMBEC_TEST_POSTGRES` holds the URL of a database whose user may create
//! databases and roles (every test makes its own database and drops it); `LIMBEC_TEST_PGBOUNCER` is the URL of
//! the same server behind PgBouncer in transaction mode. Without them a skip is printed, which is a failure where `CI` is `true`.

mod fixture;
mod pgbouncer;
mod postgres;
mod scenario;
mod sqlite;
mod tls;
