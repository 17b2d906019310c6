//! The history table: what limbec did to a version table, one row for each step of each plan.
//!
//! A plan's rows are written before it runs, in a transaction of their own; each step turns its row into `done` in the step's
//! own transaction. What a killed run leaves behind is therefore a row that is still `started`, and rows of steps `planned`.

mod create;
mod entry;
mod error;
mod filter;
mod latest;
mod statement;
mod store;
mod table;
mod torn;

pub use entry::{CommittedPart, HistoryDirection, HistoryEntry, Outcome};
pub use error::HistoryError;
pub use filter::HistoryFilter;
pub use latest::{LatestRecords, Record};
pub use statement::HistoryStatement;
pub use store::{History, Settlement};
pub use table::HistoryTable;
