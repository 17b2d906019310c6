//! Mending what [`super::Verification`] finds, as far as that can be done without a guess.
//!
//! [`Repairs::plan`] only reads; [`Repairs::apply`] is to be called under the lock, with what was shown to somebody who agreed.

mod action;
mod interrupted;
mod plan;

pub use action::Repair;
pub use plan::{Consent, Repairs, Word};
