//! The folded schema: tables, columns, constraints, indexes and enums as the revisions make them, without a database.
//!
//! [`SchemaHistory::fold`] advances a [`Schema`] revision by revision along the graph, branches apart and merged at merges, and
//! answers what existed before a revision, what it was and who created it. Schemas share their parts: one is kept for
//! every revision.

mod history;
mod state;

pub use history::SchemaHistory;
pub use state::{EnumState, Schema, Table, TableColumn, TableConstraint, TableIndex};
