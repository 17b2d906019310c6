use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::{LockError, LockHolder, LockWait, wait_for};

/// An empty file beside the SQLite file, locked by the operating system as long as the process lives. It stays when the lock is
/// released: removing it would let two runners lock two files of the same name.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    pub(super) fn acquire(
        database: &Path,
        wait: Duration,
        on_wait: &mut dyn FnMut(&LockWait),
    ) -> Result<Self, LockError> {
        let mut name = database.as_os_str().to_owned();
        name.push(".limbec-lock");
        let path = Path::new(&name);
        let fault = |reason: std::io::Error| LockError::File { path: path.to_owned(), reason: reason.to_string() };
        let file = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path).map_err(fault)?;
        wait_for(wait, on_wait, || match file.try_lock() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(LockHolder::default())),
            Err(TryLockError::Error(error)) => Err(fault(error)),
        })?;
        Ok(Self { _file: file })
    }
}
