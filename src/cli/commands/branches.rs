use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Show branch points, and where they branch to
#[derive(Debug, Clone, Args)]
pub struct BranchesArgs {
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &BranchesArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("branches"))
}
