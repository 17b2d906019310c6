//! What a rebase writes: the files of the moved revisions, their names, and the lock file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::context::CommandContext;
use super::error::CommandError;
use super::published::shown;
use crate::published::{Lock, Rebase};
use crate::revision::{RevisionId, RevisionIndex};
use crate::script::python::CreateDate;
use crate::script::{
    Imports, Locations, NameStamp, NameStamps, Reparenting, Replacement, RevisionFile, Rewrite, Script,
    ScriptDirectory, reparent,
};

/// The files that change.
pub(super) struct Edited {
    /// What is written, the lock file included.
    pub(super) rewrites: Vec<Rewrite>,
    /// Ancestors first.
    pub(super) revisions: Vec<Reparented>,
    /// Revisions whose lines leave the lock file.
    pub(super) unfrozen: Vec<RevisionId>,
}

/// A revision whose file changes.
pub(super) struct Reparented {
    pub(super) revision: RevisionIndex,
    pub(super) path: PathBuf,
    pub(super) previous_path: PathBuf,
}

/// Works out what a rebase writes.
pub(super) fn edit(
    context: &mut CommandContext,
    scripts: &ScriptDirectory,
    rebase: &Rebase,
) -> Result<Edited, CommandError> {
    let settings = context.script_settings()?;
    let mut names = Names::of(scripts, &settings.locations, &settings.file_template, settings.timezone.as_deref());
    let imports = Imports::new(&settings.locations.import_roots);
    let mut edited = Edited { rewrites: Vec::new(), revisions: Vec::new(), unfrozen: Vec::new() };
    for index in &rebase.affected {
        let script = scripts.script(*index);
        let down = &rebase.map.revision(*index).down;
        let renamed = names.renamed(scripts, *index, down)?;
        let is_moved = *down != script.revision.down;
        if !is_moved && renamed.is_none() {
            continue;
        }
        let file = RevisionFile::read(&script.path, &imports);
        let change =
            Reparenting { down: is_moved.then_some(down.as_slice()), created: renamed.as_ref().map(|(_, date)| date) };
        let replacements = reparent(&file, script, change).map_err(|error| {
            let hint = format!("write it as a text in {}", shown(&script.path, &context.environment));
            CommandError::from_error(&error, false).hint(hint)
        })?;
        let path = renamed.map_or_else(|| script.path.clone(), |(path, _)| path);
        edited.rewrites.push(Rewrite {
            path: script.path.clone(),
            original: file.bytes().to_vec(),
            replacements,
            rename_to: (path != script.path).then(|| path.clone()),
        });
        edited.revisions.push(Reparented { revision: *index, path, previous_path: script.path.clone() });
    }
    edited.unfreeze(rebase, &settings.locations);
    Ok(edited)
}

impl Edited {
    /// What moves is not what was frozen any more; `freeze` will take it as new.
    fn unfreeze(&mut self, rebase: &Rebase, locations: &Locations) {
        let path = Lock::path(locations);
        let (Ok(Some(lock)), Ok(text)) = (Lock::read(&path), std::fs::read_to_string(&path)) else { return };
        let moved: BTreeSet<RevisionId> =
            rebase.moves.iter().map(|change| rebase.map.revision(change.revision).id.clone()).collect();
        let frozen = lock.revisions.into_iter().filter_map(|frozen| frozen.id).collect::<BTreeSet<_>>();
        self.unfrozen = moved.intersection(&frozen).cloned().collect();
        if !self.unfrozen.is_empty() {
            let replacement = Replacement { range: 0..text.len(), bytes: Lock::without(&text, &moved).into_bytes() };
            let original = text.into_bytes();
            self.rewrites.push(Rewrite { path, original, replacements: vec![replacement], rename_to: None });
        }
    }

    /// Makes the folders that new names are in.
    pub(super) fn make_folders(&self) -> Result<(), CommandError> {
        for folder in self.rewrites.iter().filter_map(|rewrite| rewrite.rename_to.as_ref()?.parent()) {
            std::fs::create_dir_all(folder).map_err(|error| {
                CommandError::crashed(format!("cannot make the directory {}", folder.display()))
                    .caused_by(error.to_string())
            })?;
        }
        Ok(())
    }
}

/// The times that the names of files tell, new ones included.
struct Names {
    stamps: NameStamps,
    folders: Vec<PathBuf>,
    times: HashMap<RevisionId, NameStamp>,
    taken: HashSet<String>,
    now: DateTime<Utc>,
}

impl Names {
    fn of(scripts: &ScriptDirectory, locations: &Locations, file_template: &str, timezone: Option<&str>) -> Self {
        let folders = locations.versions.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        let stamps = NameStamps::new(file_template, timezone);
        let (times, taken, now) = (HashMap::new(), HashSet::new(), Utc::now());
        let mut names = Self { stamps, folders, times, taken, now };
        for script in &scripts.scripts {
            if let Some(stamp) = names.place(script).and_then(|(_, name)| names.stamps.stamp(&name)) {
                names.taken.insert(stamp.time.to_string());
                names.times.insert(script.revision.id.clone(), stamp);
            }
        }
        names
    }

    /// The version location of a file, and its path there without `.py`.
    fn place<'a>(&'a self, script: &Script) -> Option<(&'a Path, String)> {
        // The innermost, should one be in the other.
        let inside = self.folders.iter().filter(|folder| script.path.starts_with(folder));
        let folder = inside.max_by_key(|folder| folder.components().count())?;
        let name = script.path.strip_prefix(folder).ok()?.to_str()?.strip_suffix(".py")?;
        Some((folder, name.to_owned()))
    }

    /// The new path and date of a revision whose time is not later than that of its parents.
    fn renamed(
        &mut self,
        scripts: &ScriptDirectory,
        revision: RevisionIndex,
        down: &[RevisionId],
    ) -> Result<Option<(PathBuf, CreateDate)>, CommandError> {
        let script = scripts.script(revision);
        let Some((folder, name)) = self.place(script).map(|(folder, name)| (folder.to_owned(), name)) else {
            return Ok(None);
        };
        let parents: Vec<NameStamp> = down.iter().filter_map(|parent| self.times.get(parent).copied()).collect();
        let Some(stamp) = self.stamps.stamp(&name) else { return Ok(None) };
        if parents.iter().all(|parent| stamp.follows(*parent)) {
            return Ok(None);
        }
        let timezone = self.stamps.timezone(stamp).map(str::to_owned);
        let mut instant = self.now;
        loop {
            let date = CreateDate::at(instant, timezone.as_deref())
                .map_err(|error| CommandError::from_error(&error, error.is_command_error()))?;
            let Some(new) = self.stamps.renamed(&name, stamp, &date) else { return Ok(None) };
            let Some(new_stamp) = self.stamps.stamp(&new) else { return Ok(None) };
            let behind = parents.iter().filter(|parent| !new_stamp.follows(**parent)).map(|parent| parent.next()).max();
            let path = folder.join(format!("{new}.py"));
            let is_taken = stamp.is_exact && self.taken.contains(&new_stamp.time.to_string()) || path.exists();
            match behind {
                Some(next) => instant += (next - new_stamp.time).max(TimeDelta::seconds(1)),
                None if is_taken => instant += TimeDelta::seconds(if stamp.is_exact { 1 } else { 86_400 }),
                None => {
                    self.taken.insert(new_stamp.time.to_string());
                    self.times.insert(script.revision.id.clone(), new_stamp);
                    return Ok(Some((path, date)));
                }
            }
        }
    }
}
