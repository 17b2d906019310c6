//! The executor: a plan, a database and a runtime, reported by events. There is no second loop anywhere.

mod conversation;
mod error;
mod event;
mod executor;
mod operation;

pub use conversation::{Planner, Refusal, RunTarget};
pub use error::MigrateError;
pub use event::Event;
pub use executor::{Purge, run_env, stamp};
pub use operation::Operation;
