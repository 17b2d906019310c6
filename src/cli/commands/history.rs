use clap::Args;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// List revisions, newest first
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Range START:END, either end may be missing; ends are revisions, current, or relative such as -3
    #[arg(short, long, value_name = "RANGE")]
    pub rev_range: Option<String>,
    /// Print whole entries, with path and docstring
    #[arg(short, long)]
    pub verbose: bool,
    /// Mark the revisions that the database is at
    #[arg(short, long)]
    pub indicate_current: bool,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &HistoryArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("history"))
}
