use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Check whether the models would generate new operations
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &CheckArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("check"))
}
