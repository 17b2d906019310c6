use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::identity::this_process;
use super::waiting::wait_for;
use super::{LockError, LockHolder, LockPatience, LockWait};
use crate::database::DatabaseError;

/// A file beside the SQLite file, locked by the operating system as long as the process lives; it holds who that is. It stays when
/// the lock is released: removing it would let two runners lock two files of the same name.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    pub(super) fn acquire(
        database: &Path,
        wait: LockPatience,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let database = behind_links(database)?;
        let mut name = database.clone().into_os_string();
        name.push(".limbec-lock");
        let path = PathBuf::from(name);
        let fault = |error: io::Error| LockError::File { path: path.clone(), reason: reason(&error) };
        let file = open(&path).map_err(fault)?;
        wait_for(wait, on_wait, || match file.try_lock() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(read_holder(&path))),
            Err(TryLockError::Error(error)) => Err(fault(error)),
        })?;
        write_holder(&file, Some(&this_process()));
        Ok(Self { file, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        write_holder(&self.file, None);
    }
}

/// A file that another user made and only that user may write can be locked all the same.
fn open(path: &Path) -> io::Result<File> {
    match OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => File::open(path).map_err(|_| error),
        outcome => outcome,
    }
}

/// The path of the file itself, which may not exist yet: whoever comes by a symbolic link has to meet the same lock.
fn behind_links(database: &Path) -> Result<PathBuf, LockError> {
    /// Linux follows no more in one path (`MAXSYMLINKS`).
    const MOST_LINKS: usize = 40;
    let mut path = database.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(real) = path.canonicalize() {
            return Ok(real);
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let Ok(folder) = parent.canonicalize() else {
            return Err(DatabaseError::NoDirectory { path: database.to_owned(), directory: parent.to_owned() }.into());
        };
        match path.read_link() {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name))),
        }
    }
    Ok(database.to_owned())
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "there is no permission to write in its folder, which SQLite needs for its journal, too".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// Whoever has just locked the file may not have written its name yet: then nothing is known.
fn read_holder(path: &Path) -> LockHolder {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_string(&mut text));
    read.ok().and_then(|_| serde_json::from_str(&text).ok()).unwrap_or_default()
}

/// For those who wait; that it cannot be written is no reason to fail.
fn write_holder(mut file: &File, holder: Option<&LockHolder>) {
    let text = holder.and_then(|holder| serde_json::to_string(holder).ok()).unwrap_or_default();
    let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
}
