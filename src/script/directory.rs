use std::path::{Path, PathBuf};

use super::{Script, ScriptError, Undecided};
use crate::revision::{RevisionIndex, RevisionMap};

/// Where revision files lie and how they are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locations {
    /// The script directory (env.py, script.py.mako), absolute.
    pub script_location: PathBuf,
    /// Absolute, in configured order; absent ones are skipped.
    pub versions: Vec<PathBuf>,
    /// `recursive_version_locations`
    pub recursive: bool,
    /// `sourceless`
    pub sourceless: bool,
    /// `prepend_sys_path`, absolute: where constants that a revision file imports may be found.
    pub import_roots: Vec<PathBuf>,
}

/// A project's revision files and their graph.
#[derive(Debug)]
pub struct ScriptDirectory {
    /// In the order of loading; `RevisionIndex` counts in this list.
    pub scripts: Vec<Script>,
    /// Their graph.
    pub map: RevisionMap,
}

impl ScriptDirectory {
    /// The script of a position in the map.
    pub fn script(&self, index: RevisionIndex) -> &Script {
        &self.scripts[index.0 as usize]
    }
}

/// The outcome of reading all files: what was parsed, and what only Python can tell.
#[derive(Debug)]
pub struct Loaded {
    /// In the order of loading. `Err`: path and reason, to be filled in by the caller with Python's answer.
    pub files: Vec<Result<Script, (PathBuf, Undecided)>>,
    /// Sentences of Alembic's warnings (`File … loaded twice! …`).
    pub warnings: Vec<String>,
}

#[expect(unused_variables)]
/// Reads all revision files in parallel, in Alembic's order.
pub fn load(locations: &Locations) -> Result<Loaded, ScriptError> {
    todo!()
}

/// Whether Alembic would load a file of this name.
#[expect(unused_variables)]
pub fn is_revision_file(path: &Path, sourceless: bool) -> bool {
    todo!()
}
