use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Explain how limbec sees this project, its database and its Python
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &DoctorArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("doctor"))
}
