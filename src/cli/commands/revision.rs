use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Make a new revision file
#[derive(Debug, Clone, Args)]
pub struct RevisionArgs {
    /// Message of the revision
    #[arg(short, long, value_name = "TEXT")]
    pub message: Option<String>,
    /// Fill it with the difference between models and database
    #[arg(long)]
    pub autogenerate: bool,
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
    /// Revision, head or branch@head to base the new revision on [default: head]
    #[arg(long, value_name = "HEAD")]
    pub head: Option<String>,
    /// Allow a revision that is no head as the head
    #[arg(long)]
    pub splice: bool,
    /// Branch label for the new revision
    #[arg(long, value_name = "LABEL")]
    pub branch_label: Option<String>,
    /// Version location that the file goes to
    #[arg(long, value_name = "PATH")]
    pub version_path: Option<String>,
    /// Identifier of the new revision, instead of a generated one
    #[arg(long, value_name = "ID")]
    pub rev_id: Option<String>,
    /// Revision that this one depends on [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub depends_on: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &RevisionArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("revision"))
}
