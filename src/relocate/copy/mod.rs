//! A second schema beside the first.
//!
//! Structure, then rows table by table in batches, then everything that is faster or only possible afterwards (keys, indexes, views,
//! triggers, grants). What is done is recorded in one transaction with the doing, so that a killed copy can be resumed. Nobody writes
//! to the source meanwhile: a second connection holds SHARE locks. What was written between a kill and the resumption is found out.

mod compare;
mod definitions;
mod event;
mod finish;
mod obstacles;
mod order;
mod plan;
mod progress;
mod removal;
mod rows;
mod run;
mod tables;

pub use compare::{Compared, Verify};
pub use event::Event;
pub use plan::CopyPlan;
pub use run::{CopyOptions, CopyReport, Site, run};

/// Table of what a copy has done so far, in limbec's own schema.
pub(super) const PROGRESS_TABLE: &str = "limbec_copy";
