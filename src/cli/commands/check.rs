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
/// Differences between the models and the database, and whatever env.py raises.
pub fn run(context: &mut CommandContext, _args: &CheckArgs) -> Result<ExitStatus, CommandError> {
    context.run_alembic_command()
}
