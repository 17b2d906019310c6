//! Programs of the project (hooks, sources of tenants): run without a shell, in a folder, with a time limit.

mod run;

pub use run::{Ended, Program, Streams, end_of};
