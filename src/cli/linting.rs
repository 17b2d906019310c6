//! The revision files as the linter sees them.

use chrono::Utc;

use super::context::CommandContext;
use super::error::CommandError;
use super::published::{base, base_request};
use crate::config::ScriptSettings;
use crate::lint::{LintInput, LintProject, LintSettings, NewFileNames};
use crate::published::Lock;

/// Reads the revision files, while git looks up the base branch.
///
/// # Errors
/// A base branch that was named and that there is none of, or a lock file that cannot be read.
pub(super) fn read(
    context: &mut CommandContext,
    scripts: &ScriptSettings,
    settings: LintSettings,
    base_option: Option<&str>,
) -> Result<LintProject, CommandError> {
    let input = input(context, scripts, settings)?;
    let request = base_request(&context.environment, base_option, input.settings.base.as_deref());
    let lock = Lock::read(&Lock::path(&scripts.locations))?;
    let (environment, locations) = (&context.environment, &scripts.locations);
    let (base, project) = std::thread::scope(|scope| {
        let base = scope.spawn(|| base(environment, &request, locations));
        let project = LintProject::read(input);
        (base.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), project)
    });
    Ok(project.with_published(base?, lock))
}

/// The same whatever is published: neither git nor the lock file is asked.
///
/// # Errors
/// A configuration that cannot be read.
pub(super) fn read_unpublished(
    context: &mut CommandContext,
    scripts: &ScriptSettings,
    settings: LintSettings,
) -> Result<LintProject, CommandError> {
    Ok(LintProject::read(input(context, scripts, settings)?))
}

fn input(
    context: &mut CommandContext,
    scripts: &ScriptSettings,
    settings: LintSettings,
) -> Result<LintInput, CommandError> {
    let has_template = context.project()?.alembic_text("file_template")?.is_some();
    Ok(LintInput {
        locations: scripts.locations.clone(),
        root: context.environment.current_dir.clone(),
        settings,
        new_file_names: NewFileNames {
            file_template: has_template.then(|| scripts.file_template.clone()),
            truncate_slug_length: scripts.truncate_slug_length,
        },
        now: Utc::now().naive_utc(),
    })
}
