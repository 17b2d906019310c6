use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::args::Format;
use crate::cli::context::CommandContext;
use crate::cli::error::CommandError;
use crate::cli::exit::ExitStatus;
use crate::cli::published::shown;
use crate::cli::render::path_text;
use crate::published::{Freezable, Freeze, FrozenRevision, Lock};
use crate::revision::RevisionId;
use crate::script::{ScriptError, read_files};

/// Write the lock file limbec.lock: the revisions that must not change any more
///
/// The lock file has a line for each revision, with a hash of what it means: comments and formatting may still change. A frozen
/// revision that means something else now, or is gone, is an error until it is accepted. Needs neither git nor Python.
#[derive(Debug, Clone, Args)]
pub struct FreezeArgs {
    /// Write nothing; fail unless the lock file is current
    #[arg(long)]
    pub check: bool,
    /// Frozen revision that may have changed or gone: its identifier or its path [can be repeated]
    #[arg(long, value_name = "REVISION")]
    pub accept: Vec<String>,
    /// Form of the result
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// Runs the command.
///
/// # Errors
/// A project that cannot be read, or a lock file that is none.
pub fn run(context: &mut CommandContext, args: &FreezeArgs) -> Result<ExitStatus, CommandError> {
    let settings = context.script_settings_without_python()?;
    let read = read_files(&settings.locations, |file| {
        let freezable = Freezable::of(&file);
        match file.declared {
            Err(error @ ScriptError::Read { .. }) => Err(error),
            _ => Ok(freezable),
        }
    });
    for warning in &read.warnings {
        context.ui.warning(warning);
    }
    let files = read.files.into_iter().collect::<Result<Vec<Freezable>, _>>()?;
    let path = Lock::path(&settings.locations);
    let old = Lock::read(&path)?.unwrap_or_default();
    let freeze = Freeze::plan(&old, &files, &accepted(context, args, &old)?);
    let text = freeze.lock.text(&freeze.heads, &path);
    let is_current = match std::fs::read_to_string(&path) {
        Ok(now) => now.replace('\r', "") == text,
        Err(_) => files.is_empty(),
    };
    let is_written = !args.check && !is_current && freeze.is_allowed();
    if is_written {
        Lock::write(&text, &path)?;
    }
    warn_of_obstacles(context, &files);
    if let (Some(line), false) = (old.conflict, is_written) {
        let lock = shown(&path, &context.environment);
        context.ui.warning(&format!("{lock}, line {line}: a merge conflict of git"));
        context
            .ui
            .hint("`limbec rebase` puts this branch's revisions on top, then `limbec freeze` writes the file anew");
    }
    let outcome = Outcome { freeze, lock: path, is_current, is_written };
    Ok(outcome.tell(context, args))
}

/// The ids and paths of `--accept`, each of which has to be in the lock file.
fn accepted(context: &CommandContext, args: &FreezeArgs, lock: &Lock) -> Result<HashSet<String>, CommandError> {
    let mut accepted = HashSet::new();
    for given in &args.accept {
        let path = context.environment.current_dir.join(given);
        let path = path.canonicalize().unwrap_or(path);
        let is_id = |frozen: &FrozenRevision| frozen.id.as_ref().is_some_and(|id| id.as_str() == given);
        if lock.revisions.iter().any(is_id) {
            accepted.insert(given.clone());
        } else if lock.revisions.iter().any(|frozen| frozen.path == path) {
            accepted.insert(path.to_string_lossy().into_owned());
        } else {
            return Err(CommandError::usage(format!("'{given}' is neither a frozen revision nor the file of one")));
        }
    }
    Ok(accepted)
}

fn warn_of_obstacles(context: &mut CommandContext, files: &[Freezable]) {
    for file in files {
        let Some(obstacle) = &file.obstacle else { continue };
        let how = match (&file.id, file.meaning.is_of_text()) {
            (Some(_), _) => "every change of its text will count",
            (None, false) => "it is frozen by its path",
            (None, true) => "it is frozen by its path, and every change of its text will count",
        };
        let path = shown(&file.path, &context.environment);
        // A syntax error names its file itself.
        let place = if obstacle.contains(&path_text(&file.path)) { String::new() } else { format!("{path}: ") };
        context.ui.warning(&format!("{place}{obstacle}; {how}"));
    }
}

struct Outcome {
    freeze: Freeze,
    lock: PathBuf,
    is_current: bool,
    is_written: bool,
}

#[derive(Serialize)]
struct FreezeJson {
    path: String,
    revisions: usize,
    heads: Vec<String>,
    added: Vec<FrozenJson>,
    moved: Vec<FrozenJson>,
    accepted: Vec<FrozenJson>,
    removed: Vec<FrozenJson>,
    changed: Vec<FrozenJson>,
    vanished: Vec<FrozenJson>,
    /// Before the command.
    is_current: bool,
    is_written: bool,
}

#[derive(Serialize)]
struct FrozenJson {
    revision: Option<String>,
    path: String,
}

impl Outcome {
    fn tell(&self, context: &mut CommandContext, args: &FreezeArgs) -> ExitStatus {
        match args.format {
            Format::Text => self.tell_people(context, args),
            Format::Json => context.ui.json(&self.json()),
        }
        let is_fine = self.freeze.is_allowed() && (self.is_current || self.is_written);
        if is_fine { ExitStatus::Success } else { ExitStatus::Code(1) }
    }

    fn tell_people(&self, context: &mut CommandContext, args: &FreezeArgs) {
        let freeze = &self.freeze;
        for (word, revisions) in [
            ("added", &freeze.added),
            ("moved", &freeze.moved),
            ("accepted", &freeze.accepted),
            ("removed", &freeze.removed),
            ("changed", &freeze.changed),
            ("gone", &freeze.vanished),
        ] {
            for frozen in revisions {
                let id = frozen.id.as_ref().map_or("?", RevisionId::as_str);
                let path = shown(&frozen.path, &context.environment);
                context.ui.result(&format!("{word:8}  {id}  {path}"));
            }
        }
        let lock = shown(&self.lock, &context.environment);
        let count = freeze.lock.revisions.len();
        let revisions = if count == 1 { "1 revision".to_owned() } else { format!("{count} revisions") };
        let sentence = match (freeze.is_allowed(), self.is_written, self.is_current) {
            (false, _, _) => format!("{lock} stays as it is: frozen revisions have changed"),
            (true, true, _) => format!("{lock} now has {revisions}"),
            (true, false, true) if count == 0 => "There are no revisions yet.".to_owned(),
            (true, false, true) => format!("{lock} is current: {revisions}"),
            (true, false, false) => format!("{lock} is not current"),
        };
        context.ui.status(&sentence);
        if let Some(frozen) = freeze.changed.first().or(freeze.vanished.first()) {
            let name =
                frozen.id.as_ref().map_or_else(|| shown(&frozen.path, &context.environment), ToString::to_string);
            context.ui.hint(&format!(
                "a database may have run them as they were: take the changes back, or accept each by `--accept {name}`"
            ));
        } else if args.check && !self.is_current {
            context.ui.hint("`limbec freeze` writes it");
        }
    }

    fn json(&self) -> FreezeJson {
        let freeze = &self.freeze;
        let list = |revisions: &[FrozenRevision]| {
            let one = |frozen: &FrozenRevision| FrozenJson {
                revision: frozen.id.as_ref().map(ToString::to_string),
                path: path_text(&frozen.path),
            };
            revisions.iter().map(one).collect::<Vec<_>>()
        };
        FreezeJson {
            path: path_text(&self.lock),
            revisions: freeze.lock.revisions.len(),
            heads: freeze.heads.iter().map(ToString::to_string).collect(),
            added: list(&freeze.added),
            moved: list(&freeze.moved),
            accepted: list(&freeze.accepted),
            removed: list(&freeze.removed),
            changed: list(&freeze.changed),
            vanished: list(&freeze.vanished),
            is_current: self.is_current,
            is_written: self.is_written,
        }
    }
}
