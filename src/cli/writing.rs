//! What the commands that write files share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::context::CommandContext;
use super::engine::Mutation;
use super::error::CommandError;
use super::exit::ExitStatus;
use super::render::path_text;
use super::ui::Ui;
use crate::config::{Project, ScriptSettings};
use crate::runtime::{Invocation, Request};
use crate::script::{
    Announce, HookPython, MainOption, Naming, NewRevision, RevisionWriter, ScriptDirectory, Templates, WorkKind,
    WriteError, WriteSettings, Written,
};

/// Writes a text that a command was asked for, with a newline at its end.
///
/// # Errors
/// What the file system says.
pub(super) fn write_text(context: &CommandContext, path: &Path, text: &str) -> Result<(), CommandError> {
    let path = context.environment.current_dir.join(path);
    let text = if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
    std::fs::write(&path, text).map_err(|error| {
        CommandError::crashed(format!("cannot write {}", path_text(&path))).caused_by(error.to_string())
    })
}

/// An Alembic command that only Python can run.
pub(super) struct PythonCommand {
    /// Arguments in Alembic's spelling, without the program's name.
    pub(super) argv: Vec<String>,
    /// Main options of the ini section that it is run with.
    pub(super) options: BTreeMap<String, String>,
    /// Whether there is a script directory yet.
    pub(super) project: ProjectState,
}

/// Whether there is a script directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProjectState {
    /// There is.
    Ready,
    /// `init` makes it.
    ToBeMade,
}

/// Has the project's own Alembic do a command. `why` says what limbec cannot do itself.
pub(super) fn needs_python(
    context: &mut CommandContext,
    command: PythonCommand,
    why: &str,
) -> Result<ExitStatus, CommandError> {
    if context.ui.verbosity() > 0 {
        context.ui.status(&format!("Python is needed: {why}"));
    }
    let mut invocation = match command.project {
        ProjectState::Ready => context.engine_invocation(command.argv, Mutation::Allowed)?,
        ProjectState::ToBeMade => Invocation { argv: command.argv, ..Invocation::default() },
    };
    invocation.overrides.options.extend(command.options);
    context.run_request(&Request::Command(invocation))?;
    Ok(ExitStatus::Success)
}

/// Has the project's own Alembic do the command that limbec was given.
pub(super) fn as_given_by_python(context: &mut CommandContext, why: &str) -> Result<ExitStatus, CommandError> {
    let argv = context.invocation.alembic.clone();
    needs_python(context, PythonCommand { argv, options: BTreeMap::new(), project: ProjectState::Ready }, why)
}

/// The templates for `init`: those of the project's Alembic, if it has one.
pub(super) fn templates(context: &mut CommandContext) -> Templates {
    let alembic = context.interpreter().ok().and_then(|python| python.packages().directory("alembic"));
    Templates { installed: alembic.map(|folder| folder.join("templates")).filter(|folder| folder.is_dir()) }
}

/// Everything about the project that a new revision depends on.
pub(super) struct Files {
    pub(super) project: Rc<Project>,
    pub(super) settings: WriteSettings,
}

impl Files {
    /// Reads it off the configuration.
    pub(super) fn of(context: &mut CommandContext) -> Result<Self, CommandError> {
        let settings = context.script_settings()?;
        let project = context.project()?;
        let python = if settings.hooks.is_empty() { HookPython::default() } else { hook_python(context) };
        Ok(Self { project, settings: write_settings(&settings, python, context.environment.current_dir.clone()) })
    }

    /// Writes a revision file. The inner error says what only Python can do, in which case nothing has been done.
    pub(super) fn write(
        &self,
        context: &mut CommandContext,
        new: &NewRevision,
    ) -> Result<Result<Written, String>, CommandError> {
        let directory = context.scripts()?;
        self.write_announced(&directory, new, &mut context.ui)
    }

    /// The same as a whole command: what limbec cannot do itself, Alembic does.
    pub(super) fn write_or_python(
        &self,
        context: &mut CommandContext,
        new: &NewRevision,
    ) -> Result<ExitStatus, CommandError> {
        match self.write(context, new)? {
            Ok(written) => {
                warn(&mut context.ui, &written);
                Ok(ExitStatus::Success)
            }
            Err(why) => as_given_by_python(context, &why),
        }
    }

    /// The same with the texts going elsewhere.
    pub(super) fn write_announced(
        &self,
        directory: &ScriptDirectory,
        new: &NewRevision,
        announce: &mut impl Announce,
    ) -> Result<Result<Written, String>, CommandError> {
        match self.writer(directory, &self.main_option()).write(new, announce) {
            Ok(written) => Ok(Ok(written)),
            Err(WriteError::NeedsPython(need)) => Ok(Err(need.to_string())),
            Err(error) => Err(failure(&error)),
        }
    }
}

impl Files {
    /// Where a new file would go, absolute; refuses what Alembic would overwrite.
    pub(super) fn target(&self, directory: &ScriptDirectory, new: &NewRevision) -> Result<PathBuf, CommandError> {
        self.writer(directory, &self.main_option()).target(new).map_err(|error| failure(&error))
    }

    fn writer<'a>(&'a self, directory: &'a ScriptDirectory, main_option: MainOption<'a>) -> RevisionWriter<'a> {
        RevisionWriter { settings: &self.settings, directory, main_option }
    }

    fn main_option(&self) -> impl Fn(&str) -> Result<Option<String>, String> {
        |name| self.project.main_option(name).map_err(|error| format!("the option '{name}': {error}"))
    }
}

fn write_settings(settings: &ScriptSettings, python: HookPython, current_dir: PathBuf) -> WriteSettings {
    WriteSettings {
        locations: settings.locations.clone(),
        has_version_locations: settings.has_version_locations,
        naming: Naming {
            file_template: settings.file_template.clone(),
            truncate_slug_length: settings.truncate_slug_length,
        },
        timezone: settings.timezone.clone(),
        output_encoding: settings.output_encoding.clone(),
        hooks: settings.hooks.clone(),
        python,
        current_dir,
    }
}

/// Without an interpreter, hooks that need one are left to Python, which then says why there is none.
fn hook_python(context: &mut CommandContext) -> HookPython {
    let interpreter = context.interpreter().ok();
    HookPython {
        site_packages: interpreter.as_ref().map(|python| python.packages().folders).unwrap_or_default(),
        interpreter: interpreter.map(|python| python.path),
    }
}

fn failure(error: &WriteError) -> CommandError {
    let failure = CommandError::from_error(error, error.is_command_error());
    match error {
        WriteError::Exists(_) => failure.hint("choose another message or another --rev-id"),
        WriteError::Squashed { .. } => failure.hint("choose another --rev-id"),
        WriteError::SquashedParent { baseline, .. } => failure.hint(format!("build on {baseline}, or on a later one")),
        WriteError::Broken { .. } => {
            failure.hint("nothing has been written; look at the message and at script.py.mako")
        }
        WriteError::Hook(_) | WriteError::BrokenByHook { .. } => failure.hint("the revision file has been written"),
        _ => failure,
    }
}

/// Tells Alembic's warnings about a revision that was written.
pub(super) fn warn(ui: &mut Ui, written: &Written) {
    for warning in &written.warnings {
        ui.warning(warning);
    }
}

/// For commands whose result is something else than what was generated: nothing is announced.
pub(super) struct OnlyErrors;

impl Announce for OnlyErrors {
    fn announced<T, E>(
        &mut self,
        _kind: WorkKind,
        _text: &str,
        work: impl FnOnce(&mut Self) -> Result<T, E>,
    ) -> Result<T, E> {
        work(self)
    }

    fn message(&mut self, _text: &str) {}

    fn unsilenced_message(&mut self, _text: &str) {}
}
