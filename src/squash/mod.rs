//! Many revisions as one: what `limbec squash` does.
//!
//! [`SquashPlan`] says which revisions a baseline stands for; [`Dump`] has the SQL of a schema as statements, and what tables hold;
//! [`Baseline`] is the text of the new file, and [`archive_ini`] that of the configuration by which plain Alembic runs the old ones;
//! [`Live`] copies the schema of a live database, and [`Managed`] says what of it the revisions make;
//! [`Changes`] puts everything in its place, or nothing; [`Unfinished`] is one that was killed meanwhile.

mod archive;
mod baseline;
mod changes;
mod dump;
mod error;
mod interrupted;
mod live;
mod plan;
mod postgres;
mod privileges;
mod python_text;
mod secret_options;
mod sqlite;
mod unmanaged;

pub use archive::{ARCHIVE_INI, ArchiveIni, ArchivedIni, archive_ini};
pub use baseline::Baseline;
pub use changes::{Changes, Moved};
pub use dump::{Dump, FilledTable, RowPolicy, filled_tables};
pub use error::SquashError;
pub use interrupted::{Unfinished, is_leftover};
pub use live::{Live, Omitted};
pub use plan::{SquashPlan, sidecars};
pub use privileges::{PrivilegeStatement, privilege_statements};
pub use unmanaged::{Managed, Unmanaged, remove_schema};
