//! Steps whose statements are known: run by limbec on its own connection, without Python.
//!
//! The supervisor is driven exactly as by the driver (python/limbec/driver/steps.py): lock and gates, rows, plan, and for every step its
//! statements, the change of the version table with Alembic's check of the row count, and the supervisor's own statements, all in one
//! transaction. A step may also ask to run outside of one.

mod failure;
mod limits;
mod outside;
mod run;
mod source;

pub use failure::NativeFailure;
pub use outside::FileRefusal;
pub use run::{NativeRun, run_native};
pub use source::{ScriptStatement, StatementPlace, StepScript, StepSource};

/// Whether what was to be run without Python was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HasRun {
    /// It was.
    Yes,
    /// Nothing was done: Python is needed.
    No,
}
