//! What Alembic sends for a revision, known without running it again: how it is heard, and when it may be taken for what every database is sent.
//!
//! [`prove`] reads a revision's file and tells whether it does the same wherever it runs; [`Recorder`] hears a run by Python; [`Heard::fault`] and
//! [`session`] tell what speaks against taking the statements for all that happened; [`text`] tells which statements leave their transaction or the
//! session. Fleets render plans by it (`tenant::rendered`), bundles single steps (`bundle`).

mod proof;
mod recorder;
mod session;
mod text;

pub(crate) use proof::prove;
pub(crate) use recorder::{Heard, Recorder};
pub(crate) use session::{setup, standing};
pub(crate) use text::{is_quiet, leaves_transaction, refusal, unsure_function};
