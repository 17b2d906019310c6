use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Make a revision that merges several heads
#[derive(Debug, Clone, Args)]
pub struct MergeArgs {
    /// Revisions to merge, or heads
    #[arg(value_name = "REVISIONS", required = true)]
    pub revisions: Vec<String>,
    /// Message of the revision
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Branch label for the new revision
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,
    /// Identifier of the new revision, instead of a generated one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Allow revisions that are no heads
    #[arg(long)]
    pub splice: bool,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &MergeArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("merge"))
}
