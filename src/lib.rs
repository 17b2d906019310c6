//! limbec: a drop-in for the `alembic` command line.
//!
//! Everything that can be known without running Python is answered here; Python is started only to execute
//! user code (see `runtime`). Directions: `cli → tenant → migrate → {plan, database, runtime} → revision` and
//! `cli → config → script → revision` and `cli → lint → {schema, operation} → script`; `tests/layering.rs` checks them. Only `cli` prints, exits or reads the environment.

/// One file with the SQL of a history, applied without Python.
pub mod bundle;
/// The live schema of a database, read from its own catalogue.
pub mod catalogue;
/// Arguments, the terminal, errors and one file per command.
pub mod cli;
/// `alembic.ini`, `[tool.alembic]` and limbec's own settings, resolved into a `Project`.
pub mod config;
/// Database URLs and the version table on PostgreSQL and SQLite.
pub mod database;
/// What must be known and agreed to before a plan runs.
pub mod gate;
/// Directories of other migration tools, and what their tables say has run.
pub mod import;
/// The linter: rules over revision files, their operations, the graph and the folded schema.
pub mod lint;
/// The executor: a plan, a database and a runtime, reported by events.
pub mod migrate;
/// What `upgrade()` and `downgrade()` of a revision file do, read from the text.
pub mod operation;
/// From (revision map, heads, target) to a `Plan` of steps; pure.
pub mod plan;
/// Programs of the project, run without a shell and with a time limit.
pub mod program;
/// The revisions that are on the base branch or in the lock file: what must not change any more.
pub mod published;
/// The tables of one schema into another, by `ALTER … SET SCHEMA` or by a copy.
pub mod relocate;
/// What Alembic sends for a revision, heard once and proven to be the same everywhere.
mod rendered;
/// A project or a fleet run as one HTML page, and as data.
pub mod report;
/// The revision graph; pure: knows no files, no database and no configuration.
pub mod revision;
/// Finds the project's Python and speaks to the engine that runs in it.
pub mod runtime;
/// The schema that the revisions make, folded along the graph without a database.
pub mod schema;
/// Revision files: parsing, loading, templates, writing; never runs Python.
pub mod script;
/// SQL files, read as a stream and split into statements as PostgreSQL and SQLite do.
pub mod sqlfile;
/// Many revisions as one baseline, with tombstones.
pub mod squash;
/// One history, many databases.
pub mod tenant;
/// A history tried out on ephemeral databases: `limbec test`.
pub mod trial;
/// A database against the revision files.
pub mod verify;
