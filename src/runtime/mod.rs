//! Python: finding the project's interpreter, and running the driver (`python/limbec/driver`) in it, in this process
//! or in a child. The only part of limbec that starts Python.

mod child;
mod elf;
mod embed;
mod engine_file;
mod error;
mod failure;
mod host;
mod interpreter;
mod launch;
mod packages;
mod protocol;
mod request;
mod signal;

pub use error::RuntimeError;
pub use failure::{DatabaseFailure, FailureKind, Frame, PythonFailure};
pub use host::{Host, HostRefusal, NoCalls};
pub use interpreter::{Implementation, Interpreter, Origin, PythonVersion, Search, Wrappers};
pub use launch::{Mode, Runtime, RuntimeOptions};
pub use packages::Packages;
pub use request::{
    Invocation, Metadata, Overrides, Rehearsal, RenderedDatabase, Rendering, Request, ScriptEntry, Seeding,
    SqlStatement,
};
pub use signal::{Interruptible, Interruption, pause, status_of_end};
