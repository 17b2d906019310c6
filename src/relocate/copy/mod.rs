//! A second schema beside the first.

/// Table of what a copy has done so far, in limbec's own schema.
pub const PROGRESS_TABLE: &str = "limbec_copy";
