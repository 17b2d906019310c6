//! One runner at a time for each version table: a guard that is held while heads are read, planned for and changed.
//!
//! On PostgreSQL a session's advisory lock or, where a pooler forbids those, a row with an expiry. The two exclude each other: who
//! takes a row needs the advisory lock for the moment of taking it, and who has the advisory lock looks for a row.

mod advisory;
mod error;
mod file;
mod guard;
mod holder;
mod identity;
mod named;
mod pooler;
mod postgres;
mod renewal;
mod row;
mod waiting;

pub use error::LockError;
pub use guard::{DatabaseLock, LockMethod, LockProof, LockRequest};
pub use holder::{LockHolder, LockWait};
pub use named::lock_name;
pub use waiting::LockPatience;
