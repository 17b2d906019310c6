use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::databases::Direct;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::database::Access;

/// Create the version table where it does not exist
#[derive(Debug, Clone, Args)]
pub struct EnsureVersionArgs {
    /// Print SQL instead of running it (offline mode)
    #[arg(long)]
    pub sql: bool,
}

/// Runs the command.
///
/// # Errors
/// What the database says.
pub fn run(context: &mut CommandContext, args: &EnsureVersionArgs) -> Result<ExitStatus, CommandError> {
    context.script_settings()?;
    let direct = if args.sql { None } else { context.direct(Access::Write)? };
    match direct {
        None => context.run_alembic_command(),
        Some(Direct { mut connection, table, .. }) => {
            connection.ensure_version_table(&table)?;
            Ok(ExitStatus::Success)
        }
    }
}
