//! Names of limbec's own tables beside the version table.

/// Schema of limbec's own tables on PostgreSQL: apart from the application's, so that autogenerate never sees them.
pub const OWN_SCHEMA: &str = "limbec";

/// Table of the lock rows.
pub const LOCK_TABLE: &str = "limbec_lock";
