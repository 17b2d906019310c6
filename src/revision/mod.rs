//! The revision graph: built once from parsed revisions, immutable afterwards.

mod adjacency;
mod build;
mod cycles;
mod dependencies;
mod error;
mod id;
mod labels;
mod lineage;
mod map;
mod reach;
mod resolve;
mod set;
mod sort;
mod symbol;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) mod text_graph;
mod walk;

pub use error::{MapWarning, RevisionError};
pub use id::RevisionId;
pub use map::{Revision, RevisionIndex, RevisionMap};
pub use symbol::verify_identifier;

pub(crate) use error::{ResolveError, Wording};
pub(crate) use map::Edge;
pub(crate) use reach::Ancestry;
pub(crate) use resolve::Place;
pub(crate) use set::RevisionSet;
pub(crate) use symbol::Relative;
pub(crate) use walk::Walk;
