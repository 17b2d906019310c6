use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Show the heads of the script directory
#[derive(Debug, Clone, Args)]
pub struct HeadsArgs {
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Treat dependencies as down revisions
    #[arg(long)]
    pub resolve_dependencies: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &HeadsArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("heads"))
}
