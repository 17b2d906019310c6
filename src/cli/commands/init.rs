use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::render::path_text;
use crate::cli::writing::{OnlyErrors, ProjectState, PythonCommand, needs_python, templates};
use crate::config::Sources;
use crate::script::{InitError, InitRequest, Templates, init};

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
    let request = request(context, args)?;
    let templates = templates(context);
    let is_new = is_new_project(&request);
    match init(&request, &templates, &mut context.ui) {
        Ok(()) => {
            if is_new {
                begin_settings(context, &request);
            }
            Ok(ExitStatus::Success)
        }
        Err(error @ InitError::NeedsPython { .. }) => {
            let argv = context.invocation.alembic.clone();
            let command = PythonCommand { argv, options: BTreeMap::new(), project: ProjectState::ToBeMade };
            needs_python(context, command, &error.to_string())
        }
        Err(error) => Err(CommandError::from_error(&error, error.is_command_error())),
    }
}

/// The same without a word, for a command that has another result; never by Python.
pub(super) fn make(context: &mut CommandContext, args: &InitArgs) -> Result<(), CommandError> {
    let request = request(context, args)?;
    let is_new = is_new_project(&request);
    init(&request, &Templates::default(), &mut OnlyErrors)
        .map_err(|error| CommandError::from_error(&error, error.is_command_error()))?;
    if is_new {
        begin_settings(context, &request);
    }
    Ok(())
}

fn request(context: &CommandContext, args: &InitArgs) -> Result<InitRequest, CommandError> {
    let environment = &context.environment;
    let sources = Sources::choose(&context.globals.config, environment.variable("ALEMBIC_CONFIG"))?;
    Ok(InitRequest {
        directory: PathBuf::from(&args.directory),
        template: args.template.clone(),
        package: args.package,
        ini: PathBuf::from(sources.ini),
        toml: PathBuf::from(sources.toml),
        current_dir: environment.current_dir.clone(),
    })
}

/// What a new project is set up with.
const SETTINGS: &str = "# Settings of limbec; Alembic does not read this file.\n\
                        # What runs is recorded in the database: `limbec log`, `limbec status`.\n\
                        history = true\n";

/// Whether nothing is configured yet: neither Alembic nor limbec, so that no database has been used without a history.
fn is_new_project(request: &InitRequest) -> bool {
    let ini = request.current_dir.join(&request.ini);
    let pyproject = std::fs::read_to_string(request.current_dir.join(&request.toml)).unwrap_or_default();
    let beside = std::fs::read_to_string(ini.with_file_name("pyproject.toml")).unwrap_or_default();
    let is_configured = |text: &str| ["[tool.alembic", "[tool.limbec"].iter().any(|table| text.contains(table));
    !ini.exists() && !settings_file(request).exists() && !is_configured(&pyproject) && !is_configured(&beside)
}

fn settings_file(request: &InitRequest) -> std::path::PathBuf {
    request.current_dir.join(&request.ini).with_file_name("limbec.toml")
}

/// Writes limbec.toml beside the ini file. The project is there without it, so that a failure is no more than a warning.
fn begin_settings(context: &mut CommandContext, request: &InitRequest) {
    let path = settings_file(request);
    match std::fs::write(&path, SETTINGS) {
        Ok(()) => context.ui.status(&format!("Settings of limbec are in {}.", path_text(&path))),
        Err(error) => context.ui.warning(&format!("cannot write {}: {error}", path_text(&path))),
    }
}
