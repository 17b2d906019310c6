use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::script::EditorVariables;

/// Open the file of a revision in $EDITOR
#[derive(Debug, Clone, Args)]
pub struct EditArgs {
    /// Revision, or current
    #[arg(value_name = "REVISION")]
    pub rev: String,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, a symbol that stands for no revision, no editor, or one that does not end well.
pub fn run(context: &mut CommandContext, args: &EditArgs) -> Result<ExitStatus, CommandError> {
    let is_current = args.rev == "current";
    let rows = if is_current { context.version_rows()? } else { Vec::new() };
    let scripts = context.scripts()?;
    let revisions = if is_current {
        if rows.is_empty() {
            return Err(CommandError::failed("No current revisions"));
        }
        rows.iter().map(|row| scripts.map.resolve(row.as_str())).collect::<Result<Vec<_>, _>>()?.concat()
    } else {
        scripts.map.resolve(&args.rev)?
    };
    if revisions.is_empty() {
        return Err(CommandError::failed(format!("No revision files indicated by symbol '{}'", args.rev)));
    }
    let variable =
        |name: &str| context.environment.variables.get(name).map(|value| value.to_string_lossy().into_owned());
    let variables = EditorVariables {
        editor: variable("EDITOR"),
        visual: variable("VISUAL"),
        path: variable("PATH").unwrap_or_default(),
    };
    context.ui.flush();
    for revision in revisions {
        variables.open(&scripts.script(revision).path).map_err(|error| CommandError::from_error(&error, true))?;
    }
    Ok(ExitStatus::Success)
}
