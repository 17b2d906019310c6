//! What must be known, and agreed to, before a plan runs: which data its steps destroy. Pure judgement over what the revision
//! files say and what was measured; [`Review`] is what a person is shown, [`Policy::verdict`] what has to be agreed to, and by what.

mod baseline;
mod destruction;
mod error;
mod extent;
mod names;
mod past;
mod policy;
mod production;
mod review;
mod routines;
#[cfg(test)]
mod tests;

pub use baseline::check_baselines;
pub use destruction::{Destruction, Foreseen, StepSource, Target, UnreadCall, foresee};
pub use error::GateError;
pub use extent::Extent;
pub use past::Past;
pub use policy::{Permissions, Policy, Unasked, Verdict};
pub use production::is_production;
pub use review::{DestructiveStep, Review};
