use chrono::Utc;
use clap::Args;

use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::lint::{self, LintInput, LintProject, LintSettings, NewFileNames, Selection, render};

/// Lint revision files: no database, no Python
///
/// Judges every revision file, or those that are named.
#[derive(Debug, Clone, Args)]
pub struct ValidateArgs {
    /// Judge published and frozen revisions as new ones
    #[arg(long)]
    pub all: bool,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, and one without revisions.
pub fn run(context: &mut CommandContext, args: &ValidateArgs) -> Result<ExitStatus, CommandError> {
    let settings = context.script_settings()?;
    let input = LintInput {
        locations: settings.locations.clone(),
        root: context.environment.current_dir.clone(),
        settings: LintSettings::default(),
        new_file_names: NewFileNames {
            file_template: Some(settings.file_template.clone()),
            truncate_slug_length: settings.truncate_slug_length,
        },
        now: Utc::now().naive_utc(),
    };
    let project = LintProject::read(input);
    if project.files.is_empty() {
        return Err(CommandError::usage("there are no revisions to validate"));
    }
    let report = lint::lint(&project, &Selection { files: None, judges_published: args.all });
    for line in render::concise(&project, &report).lines() {
        context.ui.result(line);
    }
    Ok(if report.summary.errors > 0 { ExitStatus::Code(1) } else { ExitStatus::Success })
}
