use std::path::{Path, PathBuf};

use super::{Imports, Locations, Parsed, RevisionFile, Script, ScriptDirectory};
use crate::revision::RevisionId;

/// Name of the tuple of a baseline with the revisions that it stands for. It means nothing to Alembic.
pub const REPLACES: &str = "replaces";

/// Name of the text beside it: the folder with their files, relative to the script directory.
pub const REPLACED_FILES: &str = "replaced_files";

/// What a baseline revision stands for: the tombstones of the revisions that were squashed into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Squash {
    /// The squashed revisions, those of earlier squashes included.
    pub replaces: Vec<RevisionId>,
    /// Where their files are, relative to the script directory, with slashes.
    pub files: String,
    /// The same, absolute; empty where the script directory is not known.
    pub archive: PathBuf,
}

impl Squash {
    /// The same in a project.
    pub fn within(self, locations: &Locations) -> Self {
        let home = locations.script_location.canonicalize();
        let home = home.as_ref().unwrap_or(&locations.script_location);
        Self { archive: super::joined(home, Path::new(&self.files)), ..self }
    }

    /// Where the squashed revisions lie, and the last of them, which has the baseline's own id.
    pub fn locations(&self, locations: &Locations) -> Locations {
        Locations { versions: vec![self.archive.clone()], recursive: false, ..locations.clone() }
    }

    /// The file that the baseline has taken the place of.
    pub fn former(&self, baseline: &RevisionId) -> Option<RevisionFile> {
        let entries = std::fs::read_dir(&self.archive).ok()?.flatten().map(|entry| entry.path());
        let mut files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "py"));
        files.find_map(|path| {
            let file = RevisionFile::read(&path, &Imports::new(&[]));
            let is_it = matches!(&file.declared, Ok(Parsed::Script(script)) if script.revision.id == *baseline);
            is_it.then_some(file)
        })
    }
}

/// A revision that has no file of its own any more.
#[derive(Debug, Clone, Copy)]
pub struct Squashed<'a> {
    /// The identifier in full.
    pub revision: &'a RevisionId,
    /// What it was squashed into.
    pub baseline: &'a Script,
    /// The tombstones of the baseline.
    pub squash: &'a Squash,
}

impl ScriptDirectory {
    /// Every revision that was squashed, with its baseline.
    pub fn squashed(&self) -> impl Iterator<Item = Squashed<'_>> {
        self.scripts.iter().filter_map(|baseline| Some((baseline, baseline.squash.as_ref()?))).flat_map(
            |(baseline, squash)| squash.replaces.iter().map(move |revision| Squashed { revision, baseline, squash }),
        )
    }

    /// The squashed revision of this identifier or, as Alembic would look for one that has a file, the only one that begins so.
    pub fn find_squashed(&self, identifier: &str) -> Option<Squashed<'_>> {
        if self.map.position(identifier).is_some() {
            return None;
        }
        let exact = self.squashed().find(|squashed| squashed.revision.as_str() == identifier);
        if exact.is_some() || identifier.chars().count() < 4 {
            return exact;
        }
        let mut matches = self.squashed().filter(|squashed| squashed.revision.as_str().starts_with(identifier));
        matches.next().filter(|_| matches.next().is_none())
    }
}
