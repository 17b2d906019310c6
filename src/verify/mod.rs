//! A database against the revision files: what its version table, its history and its schema say, and what the files say.
//!
//! [`Verification::run`] only reads. Everything that is wrong is a [`Finding`] with a [`Code`] that stays; what could not be
//! checked, and why, is a sentence in [`Verification::notes`].

mod files;
mod finding;
mod record;
mod repair;
mod rows;
mod schema;
mod standing;
mod subject;
mod unread;
mod verification;

pub use files::{ReadRevision, RevisionFiles};
pub use finding::{Code, Finding};
pub use repair::{Consent, Repair, Repairs, Word};
pub use rows::VersionRows;
pub use schema::{AppliedSchema, read_applied};
pub use standing::Standing;
pub use subject::{Subject, VerifyError};
pub use verification::Verification;
