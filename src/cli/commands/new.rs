use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Make a revision file that is named after the time
#[derive(Debug, Clone, Args)]
pub struct NewArgs {
    /// What the revision does, such as "add user preferences"
    #[arg(value_name = "DESCRIPTION")]
    pub description: String,
    /// Leave upgrade() and downgrade() empty; needs neither Python nor a database
    #[arg(long)]
    pub no_autogenerate: bool,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &NewArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("new"))
}
