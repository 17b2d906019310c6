//! What a Python module assigns to its names, as far as its text alone tells.
//!
//! Nothing is guessed: a name whose value depends on anything outside of the text (and of the constants of project files that
//! the text imports) is `Unknown`, and says why.

mod bound;
mod expression;
mod hazard;
mod imports;
mod module;
mod tree;
mod value;

pub(crate) use bound::{BoundNames, imported_as};
pub use imports::Imports;
pub(crate) use imports::ModuleSource;
pub(super) use module::{Module, evaluate};
pub(super) use tree::{Tree, TreeError};
pub(super) use value::{Binding, Value};
