//! What would run: a `Plan` is a value, built from the map, the heads and a target.

mod history;
mod step;

pub use history::{HistoryRange, RangeEnd, history};
pub use step::{Direction, HeadChange, Plan, StampStep, Step};

use crate::revision::{RevisionError, RevisionId, RevisionMap};

/// Alembic's `_upgrade_revs`: `rows` as the version table returned them.
#[expect(unused_variables)]
pub fn upgrade(map: &RevisionMap, rows: &[RevisionId], target: &str) -> Result<Plan, RevisionError> {
    todo!()
}

/// Alembic's `_downgrade_revs`.
#[expect(unused_variables)]
pub fn downgrade(map: &RevisionMap, rows: &[RevisionId], target: &str) -> Result<Plan, RevisionError> {
    todo!()
}

/// Alembic's `_stamp_revs`. With `--purge` the caller passes no rows and deletes them itself first.
#[expect(unused_variables)]
pub fn stamp(map: &RevisionMap, rows: &[RevisionId], targets: &[String]) -> Result<Plan, RevisionError> {
    todo!()
}
