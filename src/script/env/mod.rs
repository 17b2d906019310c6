//! Reading env.py without running it: which database it would use, and how.
//!
//! env.py is executed symbolically, once as online and once as offline: names are bound, functions are entered, both sides of
//! an undecidable condition are followed and compared. A value on the way from the URL to `context.configure` must be
//! one that a static reader can know (the ini, an environment variable, a literal, and their joins); anything else makes
//! the file *not understood*, with the line and the reason, and limbec then runs it. Application imports are taken as
//! harmless; handing them `config`, `context`, an engine or a connection is not.

mod arguments;
mod calls;
mod configure;
mod engines;
mod expressions;
mod failing;
mod listeners;
mod methods;
mod read;
mod state;
mod statements;
mod text;
mod value;

pub use read::{EnvSummary, EnvValueError, NotUnderstood, read_env};
pub use text::{Condition, Sources, Text, Undecidable};

#[cfg(test)]
mod tests;
