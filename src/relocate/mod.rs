//! The tables of one PostgreSQL schema into another: `limbec db move-schema`.
//!
//! Two ways. [`Move`] is one transaction of `ALTER … SET SCHEMA`: nothing is copied, and everything that refers to an object by its
//! number follows. [`copy`] builds a second schema beside the first from the server's own definitions, fills it in batches that are
//! recorded, compares both, and only then, if asked to, drops the first.
//!
//! Names are resolved by the server alone. Definitions are read with the source as search path, which leaves its name out of them, and
//! run with the target in front; that nothing of the copy refers to the source is then looked up in `pg_depend`.

pub mod copy;

mod ask;
mod collisions;
mod error;
mod holder;
mod inventory;
mod moving;
mod privileges;
mod records;
mod request;
mod target;
mod warnings;

pub use error::RelocateError;
pub use inventory::{Inventory, Object};
pub use moving::Move;
pub use request::Request;
pub use warnings::Warning;
