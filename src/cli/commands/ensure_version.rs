use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::progress::tell_wait;
use crate::migrate;

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
    let known = if args.sql { None } else { context.known_database()? };
    let Some((url, table)) = known else { return context.run_alembic_command() };
    let options = context.project()?.settings.deploy.clone();
    let environment = context.database_environment();
    let ui = &mut context.ui;
    migrate::ensure_version_table(&options, &environment, (&url, &table), &mut |wait| tell_wait(ui, wait))?;
    Ok(ExitStatus::Success)
}
