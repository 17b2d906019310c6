use std::fs;
use std::path::{Path, PathBuf};

use super::error::{ImportError, Problem};

/// A directory of migrations: the names of its files, folders included, in order. Files whose names begin with a dot are left out.
#[derive(Debug, Clone)]
pub struct Directory {
    /// Where it is.
    pub path: PathBuf,
    /// Relative, with `/`.
    files: Vec<String>,
}

/// Folders below this depth are nobody's migrations.
const DEPTH: usize = 8;

impl Directory {
    /// Lists it.
    ///
    /// # Errors
    /// It is none, or cannot be read.
    pub fn list(path: &Path) -> Result<Self, ImportError> {
        if !path.is_dir() {
            return Err(ImportError::NoDirectory(path.to_owned()));
        }
        let mut files = Vec::new();
        // Links are followed, as the tools do: a folder of migrations may be one of links.
        let entries = walkdir::WalkDir::new(path).follow_links(true).max_depth(DEPTH);
        let is_visible = |entry: &walkdir::DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
        for entry in entries.into_iter().filter_entry(is_visible) {
            let entry = entry.map_err(|error| io_error(path, error))?;
            if entry.file_type().is_file()
                && let Ok(relative) = entry.path().strip_prefix(path)
            {
                files.push(relative.to_string_lossy().into_owned());
            }
        }
        files.sort();
        Ok(Self { path: path.to_owned(), files })
    }

    /// Takes a file, or a folder with all that is in it, off the list. Whether there was one.
    pub fn leave_out(&mut self, name: &str) -> bool {
        let name = name.strip_prefix("./").unwrap_or(name).trim_end_matches('/');
        let before = self.files.len();
        self.files.retain(|file| {
            let rest = file.strip_prefix(name);
            !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        self.files.len() < before
    }

    /// The files, in folders and not.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The files that are in no folder.
    pub fn own_files(&self) -> impl Iterator<Item = &str> {
        self.files().filter(|file| !file.contains('/'))
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn bytes(&self, file: &str) -> Result<Vec<u8>, ImportError> {
        let path = self.path.join(file);
        fs::read(&path).map_err(|source| ImportError::Io { path, source })
    }
}

fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

fn io_error(path: &Path, error: walkdir::Error) -> ImportError {
    let path = error.path().unwrap_or(path).to_owned();
    let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other("a link leads back to its own folder"));
    ImportError::Io { path, source }
}

/// The text of a file, without a byte order mark.
pub(super) fn text_of(file: &str, bytes: &[u8]) -> Result<String, Problem> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) if text.contains('\0') => {
            let before = text.split('\0').next().unwrap_or_default();
            Err(Problem::at(file, before.matches('\n').count() + 1, "there is a NUL in it (is it UTF-16?)"))
        }
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(Problem::at(file, line, "this is not UTF-8; save the file as UTF-8 (its checksum changes with that)"))
        }
    }
}
