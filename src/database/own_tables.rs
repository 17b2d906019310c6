//! Names of limbec's own tables beside the version table.

/// Schema of limbec's own tables on PostgreSQL: apart from the application's, so that autogenerate never sees them.
pub const OWN_SCHEMA: &str = "limbec";

/// Table of the seeds that a tenant has.
pub const SEED_TABLE: &str = "limbec_seed";

/// Table of the steps by which tenants were made.
pub const BOOTSTRAP_TABLE: &str = "limbec_bootstrap";

/// Table of the lock rows.
pub const LOCK_TABLE: &str = "limbec_lock";
