use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Set the version table to revisions without running them
#[derive(Debug, Clone, Args)]
pub struct StampArgs {
    /// Revisions, heads or base
    #[arg(value_name = "REVISIONS", required = true)]
    pub revisions: Vec<String>,
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
    /// Arbitrary tag, for env.py
    #[arg(long, value_name = "TAG")]
    pub tag: Option<String>,
    /// Delete all rows of the version table first
    #[arg(long)]
    pub purge: bool,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &StampArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("stamp"))
}
