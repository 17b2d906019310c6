use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// List the templates of init
#[derive(Debug, Clone, Args)]
pub struct ListTemplatesArgs {}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &ListTemplatesArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("list_templates"))
}
