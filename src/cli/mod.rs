//! The command line: the only module that prints, exits or reads the environment.

use std::process::ExitCode;

/// Parses the arguments, runs the command and turns the outcome into an exit status.
pub fn main() -> ExitCode {
    todo!()
}
