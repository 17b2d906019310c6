//! Revisions that were squashed: a command that comes upon one goes on with the old files in the place of the baseline.

use std::rc::Rc;

use super::args::Command;
use super::commands;
use super::context::CommandContext;
use super::environment::Environment;
use super::error::CommandError;
use super::exit::ExitStatus;
use super::published::shown;
use crate::revision::{Revision, RevisionError, RevisionId, RevisionMap};
use crate::script::{self, Restored, Script, ScriptDirectory};
use crate::squash::Unfinished;

/// Commands that write revision files, or judge them: what they are asked for has to be there.
const ON_FILES: [&str; 8] = ["freeze", "merge", "new", "rebase", "revision", "squash", "test", "validate"];

/// Runs a command; where it comes upon a revision that was squashed, once more with the history as it was.
///
/// # Errors
/// Those of the command, and an archive that cannot be read.
pub(super) fn run(context: &mut CommandContext, command: &Command) -> Result<ExitStatus, CommandError> {
    loop {
        let error = match commands::run(context, command) {
            Err(error) if error.unknown_revision.is_some() => error,
            outcome => return outcome,
        };
        let id = error.unknown_revision.clone().unwrap_or_default();
        if !context.unsquash(&id, &error)? {
            return Err(error);
        }
    }
}

/// Refuses rows of a version table that were squashed, so that the command is run once more.
///
/// # Errors
/// One of them was.
pub(super) fn check_rows(scripts: &ScriptDirectory, rows: &[RevisionId]) -> Result<(), CommandError> {
    match rows.iter().find(|row| scripts.find_squashed(row.as_str()).is_some()) {
        Some(row) => Err(RevisionError::NotFound(row.to_string()).into()),
        None => Ok(()),
    }
}

/// A baseline and files that it stands for cannot both be part of a history.
pub(super) fn unfinished_squash(unfinished: &Unfinished<'_>, environment: &Environment) -> CommandError {
    let (baseline, first) = (&unfinished.baseline.revision.id, unfinished.first);
    CommandError::failed(format!(
        "{} was squashed into {baseline}, but its file is there: {}",
        first.revision.id,
        shown(&first.path, environment)
    ))
    .hint(format!(
        "a squash was interrupted, or a merge has brought the file back: `limbec squash --to {baseline}` removes what is in the archive as it is"
    ))
}

impl CommandContext {
    /// Puts the files of squashed revisions in the place of their baseline, if `id` is one of them. Whether it is.
    fn unsquash(&mut self, id: &str, error: &CommandError) -> Result<bool, CommandError> {
        let Some(scripts) = self.scripts.clone() else { return Ok(false) };
        let Some(found) = scripts.find_squashed(id) else { return Ok(false) };
        let settings = self.script_settings()?;
        let locations = found.squash.locations(&settings.locations);
        let archive = found.squash.archive.clone();
        let (revision, baseline) = (found.revision.clone(), found.baseline.revision.id.clone());
        let told =
            format!("{revision} was squashed into {baseline}; its file is in {}", shown(&archive, &self.environment));
        if ON_FILES.contains(&self.invocation.command.as_str()) {
            return Err(error.clone().caused_by(told).hint(format!("name {baseline}, or a revision after it")));
        }
        let loaded = script::load(&locations)?;
        let mut archived = self.decide(loaded.files)?;
        self.dedent_docstrings(&mut archived);
        let is_old = |script: &Script| script.revision.id == baseline && script.squash.as_ref() != Some(found.squash);
        if !archived.iter().any(is_old) {
            return Err(error.clone().caused_by(told).hint(format!(
                "the archive {} is not complete: take it from git again",
                shown(&archive, &self.environment)
            )));
        }
        let stays = |script: &&Script| script.revision.id != baseline;
        let all: Vec<Script> = archived.into_iter().chain(scripts.scripts.iter().filter(stays).cloned()).collect();
        let mut restored = scripts.restored.clone();
        restored.push(Restored { revision: baseline, archive: archive.clone() });
        let map = RevisionMap::build(all.iter().map(|script| script.revision.clone()).collect::<Vec<Revision>>())?;
        self.scripts = Some(Rc::new(ScriptDirectory { scripts: all, map, restored }));
        let mut settings = (*settings).clone();
        settings.locations.versions.push(archive);
        self.script_settings = Some(Rc::new(settings));
        self.ui.status(&told);
        Ok(true)
    }
}
