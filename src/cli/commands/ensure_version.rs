use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Create the version table where it does not exist
#[derive(Debug, Clone, Args)]
pub struct EnsureVersionArgs {
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
}

/// Runs the command.
///
/// # Errors
/// What the database says.
pub fn run(context: &mut CommandContext, _args: &EnsureVersionArgs) -> Result<ExitStatus, CommandError> {
    context.run_alembic_command()
}
