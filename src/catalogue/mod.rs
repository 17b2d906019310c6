//! The live schema of a database, read from the server's own catalogue into a value that can be compared.
//!
//! [`Catalogue::read`] asks one question for each kind of object, so that the cost does not grow with their number;
//! [`Catalogue::difference`] says in sentences what one reading has and another has not. What belongs to extensions, to the
//! system or to limbec itself ([`Scope`]) is left out.

mod difference;
mod model;
mod postgres;
mod read;
mod scope;
mod sqlite;

pub use difference::{Change, Difference};
pub use model::{Catalogue, Column, Constraint, ConstraintKind, Generation, Index, Relation, RelationKind};
pub use read::CatalogueError;
pub use scope::Scope;
