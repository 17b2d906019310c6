use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Show revisions with path and docstring
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// Revision, heads, or current
    #[arg(value_name = "REVISION")]
    pub rev: String,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &ShowArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("show"))
}
