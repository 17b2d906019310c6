//! The revision graph: built once from parsed revisions, immutable afterwards.

mod error;
mod id;
mod map;

pub use error::{MapWarning, RevisionError};
pub use id::RevisionId;
pub use map::{Revision, RevisionIndex, RevisionMap};
