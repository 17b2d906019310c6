//! The project, where it is to be made, and the revisions: all of them or none.

use std::fs;
use std::path::{Path, PathBuf};

use super::ImportArgs;
use super::chain::Chain;
use super::reading::Reading;
use crate::cli::commands::init::{self, InitArgs};
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::writing::{Files, OnlyErrors, warn};
use crate::import::{Converted, MappedMigration};
use crate::revision::{Revision, RevisionId, RevisionMap};
use crate::script::{NewRevision, NewWork, ScriptDirectory, SqlRevision, SqlTexts};

/// What the new project's env.py is.
const ENV_PY: &str = include_str!("env.py");

/// Writes what is new.
pub(super) fn write(
    context: &mut CommandContext,
    args: &ImportArgs,
    chain: &Chain,
    reading: &Reading,
) -> Result<(), CommandError> {
    if let Some(directory) = args.init.as_ref().filter(|_| context.script_settings_without_python().is_err()) {
        make_project(context, directory)?;
    }
    if chain.new_ones().next().is_none() {
        return Ok(());
    }
    let mut files = Files::of(context)?;
    // What the names tell is the same wherever the directory is taken over.
    files.settings.timezone = Some("UTC".to_owned());
    let now = context.scripts()?;
    let mut scripts = ScriptDirectory { scripts: now.scripts.clone(), map: rebuilt(&now)?, restored: Vec::new() };
    let mut made: Vec<PathBuf> = Vec::new();
    for (mapped, parent) in chain.new_ones() {
        let at = reading.migrations.iter().position(|old| old.version == mapped.old.version);
        let converted = at.and_then(|at| reading.converted.get(at)).cloned().unwrap_or_default();
        let written = write_one(context, &files, &mut scripts, (mapped, parent, converted));
        match written {
            Ok(path) => made.push(path),
            Err(error) => {
                made.iter().for_each(|path| remove(path));
                return Err(error.hint("no file of this import remains"));
            }
        }
    }
    context.scripts = None;
    Ok(())
}

fn write_one(
    context: &mut CommandContext,
    files: &Files,
    scripts: &mut ScriptDirectory,
    (mapped, parent, converted): (&MappedMigration, Option<&RevisionId>, Converted),
) -> Result<PathBuf, CommandError> {
    let new = NewRevision {
        id: mapped.id.to_string(),
        message: Some(message(mapped)),
        parents: vec![parent.map_or_else(|| "base".to_owned(), ToString::to_string)],
        splice: false,
        branch_label: None,
        version_path: None,
        depends_on: Vec::new(),
        file_name: Some(mapped.file_name.clone()),
        created: mapped.time.and_utc(),
        work: NewWork::Sql(SqlTexts { up: converted.up.into_bytes(), down: converted.down.map(String::into_bytes) }),
    };
    let written = match files.write_announced(scripts, &new, &mut OnlyErrors)? {
        Ok(written) => written,
        Err(why) => {
            return Err(
                CommandError::crashed(format!("{} cannot be written without Python", mapped.file_name)).caused_by(why)
            );
        }
    };
    warn(&mut context.ui, &written);
    let path = context.environment.current_dir.join(&written.path);
    let Some(script) = written.script else {
        remove(&path);
        return Err(CommandError::crashed(format!("{} is no revision after the hooks that ran on it", path.display())));
    };
    scripts.scripts.push(script);
    scripts.map = rebuilt(scripts)?;
    Ok(path)
}

/// The first line is what `history` shows; the name of a file may hold anything, and this goes between quotes.
fn message(mapped: &MappedMigration) -> String {
    let harmless = |text: &str| -> String {
        text.chars().map(|c| if c.is_control() || matches!(c, '"' | '\\') { ' ' } else { c }).collect()
    };
    let description = harmless(&mapped.old.description);
    let description =
        if description.trim().is_empty() { format!("migration {}", mapped.old.version) } else { description };
    format!("{}\n\nImported from {}.", description.trim(), harmless(&mapped.old.file))
}

fn rebuilt(scripts: &ScriptDirectory) -> Result<RevisionMap, CommandError> {
    let revisions: Vec<Revision> = scripts.scripts.iter().map(|script| script.revision.clone()).collect();
    Ok(RevisionMap::build(revisions)?)
}

/// What cannot be removed is named by the error that this follows.
fn remove(path: &Path) {
    let SqlRevision { up, down } = SqlRevision::beside(path);
    for path in [path, &up, &down] {
        let _ = fs::remove_file(path);
    }
}

/// `limbec init`, with an env.py that reads the URL from the environment.
fn make_project(context: &mut CommandContext, directory: &str) -> Result<(), CommandError> {
    let args = InitArgs { directory: directory.to_owned(), template: "generic".to_owned(), package: false };
    init::make(context, &args)?;
    let path = context.environment.current_dir.join(directory).join("env.py");
    fs::write(&path, ENV_PY)
        .map_err(|error| CommandError::crashed(format!("cannot write {}: {error}", path.display())))?;
    context.forget_project();
    Ok(())
}
