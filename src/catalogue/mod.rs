//! The live schema of a database, read from the server's own catalogue into a value that can be compared.
//!
//! [`Catalogue::read`] asks one question for each kind of object, so that the cost does not grow with their number;
//! [`Catalogue::difference`] says in sentences what one reading has and another has not. What belongs to extensions, to the
//! system or to limbec itself ([`Scope`]) is left out.
//!
//! [`Drift`] compares the catalogue with the schema that the revisions fold to.

mod difference;
mod drift;
mod model;
mod postgres;
mod read;
mod scope;
mod sqlite;

pub use difference::{Change, Difference};
pub use drift::{Deviation, DeviationKind, Drift, named_schemas};
pub use model::{Catalogue, Column, Constraint, ConstraintKind, Generation, Index, Relation, RelationKind};
pub use read::CatalogueError;
pub use scope::Scope;
