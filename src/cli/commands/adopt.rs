use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Find out where env.py has the database URL from, and write that to the configuration
#[derive(Debug, Clone, Args)]
pub struct AdoptArgs {}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &AdoptArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("adopt"))
}
