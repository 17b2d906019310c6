//! The folded schema: tables, columns, constraints, indexes and enums as the revisions make them, without a database.
//!
//! [`SchemaHistory::fold`] advances a [`Schema`] revision by revision along the graph, branches apart and merged at merges, and
//! answers what existed before a revision, what it was and who created it. Schemas share their parts: one is kept for
//! every revision.
//!
//! Where something on the way was not understood, or runs only under a condition, an object is marked doubtful, a table or the schema incomplete:
//! a known object may then be missing, or an unknown one be there, and nothing must be claimed about it.

mod actual;
mod apply;
mod default_name;
mod difference;
mod history;
mod lookup;
mod merge;
mod state;
#[cfg(test)]
mod tests;
mod touched;

pub use apply::{Unknown, UnknownObject};
pub use difference::{Difference, DifferenceKind};
pub use history::SchemaHistory;
pub use state::{EnumState, Schema, Table, TableColumn, TableConstraint, TableIndex};
pub use touched::Touched;
