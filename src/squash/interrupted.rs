//! A squash that was killed: an archive before anything else has changed, or old files beside the baseline.

use std::fs;
use std::path::{Path, PathBuf};

use super::archive::ARCHIVE_HEADER;
use super::plan::own_files;
use super::{ARCHIVE_INI, SquashError};
use crate::script::Script;

/// A baseline and files of revisions that it stands for.
#[derive(Debug, Clone, Copy)]
pub struct Unfinished<'a> {
    /// The baseline.
    pub baseline: &'a Script,
    /// The first of the others.
    pub first: &'a Script,
    archive: &'a Path,
    scripts: &'a [Script],
}

impl<'a> Unfinished<'a> {
    /// Finds the first baseline that stands for revisions which have files in the same place as itself.
    pub fn find(scripts: &'a [Script]) -> Option<Self> {
        scripts.iter().find_map(|baseline| {
            let squash = baseline.squash.as_ref()?;
            let first = scripts.iter().find(|script| squash.replaces.contains(&script.revision.id))?;
            Some(Self { baseline, first, archive: &squash.archive, scripts })
        })
    }

    /// The files that have to go, those of the latest revisions first: a graph without them is whole at any time.
    ///
    /// # Errors
    /// One of them is not in the archive as it is.
    pub fn files(&self) -> Result<Vec<PathBuf>, SquashError> {
        let archived = contents(self.archive)?;
        let replaces = self.baseline.squash.iter().flat_map(|squash| &squash.replaces).rev();
        let scripts = replaces.flat_map(|id| self.scripts.iter().filter(move |script| script.revision.id == *id));
        let files: Vec<PathBuf> = scripts.flat_map(|script| own_files(script).into_iter().rev()).collect();
        for path in &files {
            let bytes = fs::read(path).map_err(SquashError::file("read", path))?;
            if !archived.iter().any(|(_, copy)| *copy == bytes) {
                return Err(SquashError::Unarchived { path: path.clone(), archive: self.archive.to_owned() });
            }
        }
        Ok(files)
    }

    /// Removes them.
    ///
    /// # Errors
    /// As `files`, and a file system that says no.
    pub fn finish(&self) -> Result<Vec<PathBuf>, SquashError> {
        let files = self.files()?;
        for path in &files {
            fs::remove_file(path).map_err(SquashError::file("remove", path))?;
        }
        Ok(files)
    }
}

/// Whether a folder is what a squash of these files has left that was killed before it changed any of them: it has nothing but copies.
pub fn is_leftover(archive: &Path, files: &[PathBuf]) -> bool {
    let Ok(archived) = contents(archive) else { return false };
    let originals: Vec<Vec<u8>> = files.iter().filter_map(|path| fs::read(path).ok()).collect();
    let is_own = |path: &Path, bytes: &[u8]| {
        path.file_name().is_some_and(|name| name == ARCHIVE_INI) && bytes.starts_with(ARCHIVE_HEADER.as_bytes())
    };
    archived.iter().all(|(path, bytes)| originals.contains(bytes) || is_own(path, bytes))
}

/// The files of a folder. What Python has compiled there does not count.
fn contents(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, SquashError> {
    let entries = fs::read_dir(folder).map_err(SquashError::file("read", folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let paths = paths.filter(|path| path.file_name().is_none_or(|name| name != "__pycache__"));
    paths.map(|path| Ok((path.clone(), fs::read(&path).map_err(SquashError::file("read", path))?))).collect()
}
