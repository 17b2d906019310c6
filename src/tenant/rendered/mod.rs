//! Revisions that send the same statements to every tenant: rendered once, and applied by limbec without Python.
//!
//! Three things have to come together before limbec sends a revision's statements itself ([`Renderings`]):
//!
//! 1. its file, read as text, does nothing that may differ from run to run ([`crate::rendered`]), and env.py is understood;
//! 2. what the first tenant's run by Python really sent is what env.py prints offline for the second tenant ([`comparison`]), so that the statements
//!    depend neither on the database nor on the tenant;
//! 3. nothing else was sent, nobody listens to the connection, and its session means the same as limbec's ([`crate::rendered`]).
//!
//! The statements that limbec sends are those that were recorded, not those that were printed: offline, Alembic replaces tabs and SQLAlchemy
//! doubles backslashes.

mod comparison;
mod ledger;
mod plan;
mod varying;
mod way;

pub use ledger::Renderings;
pub(crate) use ledger::Turn;
pub(crate) use plan::RenderedPlan;
pub use way::{Reason, Way};
