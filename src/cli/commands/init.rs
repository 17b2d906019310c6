use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Make a new script directory
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Directory to create
    #[arg(value_name = "DIRECTORY")]
    pub directory: String,
    /// Template to use, see list_templates
    #[arg(short, long, value_name = "NAME", default_value = "generic")]
    pub template: String,
    /// Write empty __init__.py files as well
    #[arg(long)]
    pub package: bool,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &InitArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("init"))
}
