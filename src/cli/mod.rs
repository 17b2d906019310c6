//! The command line: the only module that prints, exits or reads the environment.
//!
//! `run` takes the arguments through `argparse` (argparse's habits, for Alembic's commands) and clap (`args`) to one
//! function of `commands`; those print through `ui` and fail with an `error::CommandError`.

pub mod argparse;
pub mod args;
mod bundle_run;
mod bundling;
pub mod change_args;
pub mod commands;
mod consent;
mod context;
mod copying;
mod databases;
mod deploy;
mod dry_run;
mod engine;
pub mod environment;
pub mod error;
mod event_log;
pub mod exit;
mod fixes;
mod fleet;
mod fleet_args;
mod fleet_course;
mod fleet_explain;
mod fleet_gate;
mod fleet_native;
mod fleet_progress;
mod fleet_report;
mod fleet_resume;
mod graph;
mod help;
mod history_table;
mod lifecycle;
mod linting;
mod native;
mod offline_sql;
pub mod options;
pub mod progress;
mod provide;
mod published;
mod range;
mod relocation;
mod render;
mod reparenting;
mod reporting;
mod run;
mod secrets;
mod server;
mod shared_run;
mod smoke;
pub mod squashing;
mod squashing_databases;
mod subjects;
mod table;
mod tenants;
mod testing;
pub mod testing_grounds;
mod testing_tenants;
pub mod ui;
mod unsquash;
mod verdicts;
mod wrap;
mod writing;

pub use run::main;
