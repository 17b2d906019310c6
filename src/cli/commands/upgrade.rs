use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Upgrade to a later revision
#[derive(Debug, Clone, Args)]
pub struct UpgradeArgs {
    /// Target: a revision, head, heads, +N, branch@head; FROM:TO with --sql
    #[arg(value_name = "REVISION")]
    pub revision: String,
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
    /// Arbitrary tag, for env.py
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &UpgradeArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("upgrade"))
}
