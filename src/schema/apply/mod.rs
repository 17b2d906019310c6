//! Operations carried out on a [`Schema`](super::Schema).

mod columns;
mod constraints;
mod indexes;
mod objects;
mod operations;
mod tables;
mod unknown;

pub(super) use operations::Applier;
pub use unknown::{Unknown, UnknownObject};
