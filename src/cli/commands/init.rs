use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::writing::{ProjectState, PythonCommand, needs_python, templates};
use crate::config::Sources;
use crate::script::{InitError, InitRequest, init};

/// Make a new script directory
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Directory to create
    #[arg(value_name = "DIRECTORY")]
    pub directory: String,
    /// Template to use, see list_templates
    #[arg(short, long, value_name = "NAME", default_value = "generic")]
    pub template: String,
    /// Write empty __init__.py files as well
    #[arg(long)]
    pub package: bool,
}

/// Runs the command.
///
/// # Errors
/// A directory that is not empty, no such template, or a file system that refuses.
pub fn run(context: &mut CommandContext, args: &InitArgs) -> Result<ExitStatus, CommandError> {
    let environment = &context.environment;
    let sources = Sources::choose(&context.globals.config, environment.variable("ALEMBIC_CONFIG"))?;
    let request = InitRequest {
        directory: PathBuf::from(&args.directory),
        template: args.template.clone(),
        package: args.package,
        ini: PathBuf::from(sources.ini),
        toml: PathBuf::from(sources.toml),
        current_dir: environment.current_dir.clone(),
    };
    let templates = templates(context);
    match init(&request, &templates, &mut context.ui) {
        Ok(()) => Ok(ExitStatus::Success),
        Err(error @ InitError::NeedsPython { .. }) => {
            let argv = context.invocation.alembic.clone();
            let command = PythonCommand { argv, options: BTreeMap::new(), project: ProjectState::ToBeMade };
            needs_python(context, command, &error.to_string())
        }
        Err(error) => Err(CommandError::from_error(&error, error.is_command_error())),
    }
}
