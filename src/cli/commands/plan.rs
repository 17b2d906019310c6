use clap::{Args, ValueEnum};

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;

/// Show what upgrade, downgrade or stamp would do
#[derive(Debug, Clone, Args)]
pub struct PlanArgs {
    /// What would be done
    #[arg(value_name = "DIRECTION")]
    pub direction: PlanDirection,
    /// Target as that command takes it; stamp takes several
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Revisions that the database is at, separated by commas; base or nothing for none [default: what its version table says]
    #[arg(long, value_name = "REVISIONS")]
    pub from: Option<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// See `CommandError`.
pub fn run(_context: &mut CommandContext, _args: &PlanArgs) -> Result<ExitStatus, CommandError> {
    Err(CommandError::not_available("plan"))
}

/// Which command is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanDirection {
    /// `upgrade TARGET`
    Upgrade,
    /// `downgrade TARGET`
    Downgrade,
    /// `stamp TARGET…`
    Stamp,
}
