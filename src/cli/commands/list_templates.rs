use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::writing::templates;

/// List the templates of init
#[derive(Debug, Clone, Args)]
pub struct ListTemplatesArgs {}

/// Runs the command.
///
/// # Errors
/// Templates of an installed Alembic that cannot be read.
pub fn run(context: &mut CommandContext, _args: &ListTemplatesArgs) -> Result<ExitStatus, CommandError> {
    let list = templates(context).list().map_err(|error| CommandError::from_error(&error, error.is_command_error()))?;
    context.ui.result("Available templates:\n");
    for (name, synopsis) in list {
        context.ui.result(&format!("{name} - {synopsis}"));
    }
    context.ui.result("\nTemplates are used via the 'init' command, e.g.:");
    context.ui.result("\n  alembic init --template generic ./scripts");
    Ok(ExitStatus::Success)
}
