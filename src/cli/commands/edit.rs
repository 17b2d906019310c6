use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Open the file of a revision in $EDITOR
#[derive(Debug, Clone, Args)]
pub struct EditArgs {
    /// Revision, or current
    #[arg(value_name = "REVISION")]
    pub rev: String,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &EditArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("edit"))
}
