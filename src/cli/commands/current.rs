use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Show the revisions that the database is at
#[derive(Debug, Clone, Args)]
pub struct CurrentArgs {
    /// Fail unless the database is on all head revisions
    #[arg(short, long)]
    pub check_heads: bool,
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
pub fn run(_context: &mut CommandContext, _args: &CurrentArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("current"))
}
