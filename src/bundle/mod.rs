//! Bundles: the SQL of a history in one file, applied by limbec alone.
//!
//! [`record`] runs the history on an ephemeral database and keeps what Alembic sends for every step, [`BundleWriter`] writes the file, [`Bundle`] reads
//! it, proves it whole by its hash, and gives a deployment what it needs: revisions, their sources, statements. docs/bundle.md has the form of the file.

mod compare;
mod error;
mod format;
mod read;
mod record;
mod source;
mod write;

pub use compare::differences;
pub use error::BundleError;
pub use format::{
    BundleSettings, BundledFinding, BundledRevision, BundledStep, BundledTable, LintSummary, Manifest, Way,
};
pub use read::Bundle;
pub use record::{RecordRequest, Recorded, RecordedRevision, record, unproven};
pub use source::BundleSteps;
pub use write::BundleWriter;

#[cfg(test)]
mod tests;
