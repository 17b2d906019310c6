//! What would run: a `Plan` is a value, built from the map, the heads and a target.

mod downgrade;
mod heads;
mod history;
mod sequence;
mod stamp;
mod step;
mod target;
#[cfg(test)]
mod tests;
mod upgrade;

pub use downgrade::downgrade;
pub use history::{HistoryRange, RangeEnd, history};
pub use sequence::sequence;
pub use stamp::stamp;
pub use step::{Direction, HeadChange, Plan, PlanWarning, StampStep, Step, StepSummary, TransactionMode};
pub use upgrade::upgrade;
