use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::base::{BaseFile, BaseState};
use super::revisions::is_as_on_base;
use crate::script::{SqlContent, SqlRevision};

/// The SQL files of the base branch, compared with the working copy.
pub(super) struct SqlOnBase(HashMap<PathBuf, BaseFile>);

impl SqlOnBase {
    pub(super) fn new(files: Vec<BaseFile>) -> Self {
        Self(files.into_iter().map(|file| (file.path.clone(), file)).collect())
    }

    /// The files of a revision that are on the base; both `None`: it has none there.
    fn of(&self, python: &Path) -> [(PathBuf, Option<&BaseFile>); 2] {
        let SqlRevision { up, down } = SqlRevision::beside(python);
        [up, down].map(|path| {
            let file = self.0.get(&path);
            (path, file)
        })
    }

    /// The files of a revision of the base that are not as they are there: new, changed or gone.
    pub(super) fn changed(&self, python: &Path) -> Vec<PathBuf> {
        let files = self.of(python);
        if files.iter().all(|(_, file)| file.is_none()) {
            return Vec::new();
        }
        let changed = files.into_iter().filter(|(path, file)| match file {
            Some(file) => !is_as_on_base(file, path.exists()),
            None => path.exists(),
        });
        changed.map(|(path, _)| path).collect()
    }

    /// What the files were where this branch began, then what they are at the tip of the base, if that is something else. Nothing
    /// where the working copy has the same.
    pub(super) fn contents(&self, python: &Path) -> Vec<[SqlContent; 2]> {
        let files = self.of(python);
        let is_on_base = files.iter().any(|(_, file)| file.is_some());
        let is_same = |(path, file): &(PathBuf, Option<&BaseFile>)| match file {
            Some(file) => file.state == BaseState::Untouched,
            None => !path.exists(),
        };
        if !is_on_base || files.iter().all(is_same) {
            return Vec::new();
        }
        let [up, down] = files.map(|(path, file)| versions(path, file));
        let count = up.len().max(down.len());
        let at = |versions: &[SqlContent], version: usize| {
            versions.get(version).or(versions.last()).cloned().unwrap_or(SqlContent::Given(None))
        };
        (0..count).map(|version| [at(&up, version), at(&down, version)]).collect()
    }
}

fn versions(path: PathBuf, file: Option<&BaseFile>) -> Vec<SqlContent> {
    let given = |content: &Vec<u8>| SqlContent::Given(Some(content.as_slice().into()));
    match file.map(|file| &file.state) {
        None => vec![SqlContent::Given(None)],
        Some(BaseState::Untouched) => vec![SqlContent::OnDisk(path)],
        Some(BaseState::Differs(contents)) => contents.iter().map(given).collect(),
        Some(BaseState::Arrived(content)) => vec![given(content)],
    }
}
