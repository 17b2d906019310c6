//! Directories of other migration tools, and what their tables say has run: read, checked and put in order. Changes nothing.
//!
//! A directory becomes a list of [`OldMigration`]s in the tool's own order ([`read`]), whose SQL is checked statement by statement
//! ([`convert`]); each is given the identifier and the file name of a revision ([`MappedMigration`]). The tool's table becomes a set of versions
//! ([`applied`]), which has to be the beginning of that list: Alembic's version table has no holes.

mod applied;
mod checksum;
mod convert;
mod detect;
mod directory;
mod error;
mod formats;
mod lookalike;
mod mapping;
mod migration;
mod sections;
mod tool;
mod tracking;

pub use applied::{Applied, Drift, applied, applied_prefix, applied_until};
pub use convert::{Converted, Note, Placeholders, convert};
pub use detect::candidates;
pub use directory::Directory;
pub use error::{ImportError, Problem};
pub use formats::read;
pub use lookalike::{OtherTables, other_tables};
pub use mapping::{Known, MappedMigration, map, revision_id};
pub use migration::{OldMigration, OldText};
pub use tool::Tool;
pub use tracking::{TrackingRow, TrackingTable, tracking_tables};

#[cfg(test)]
#[path = "formats_tests.rs"]
mod tests;
