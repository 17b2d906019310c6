use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::BackupError;

/// Pages between two looks at whether somebody else wants to write, and how long to let them.
const PAGES: i32 = 4096;
const PAUSE: Duration = Duration::from_millis(2);

/// SQLite's online backup: consistent whatever is written meanwhile, the write-ahead log included.
pub(super) fn copy(file: &Path, path: &Path) -> Result<(), BackupError> {
    if !file.exists() {
        return Err(BackupError::Missing { path: file.to_owned() });
    }
    let run = || -> rusqlite::Result<()> {
        let source = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        source.busy_timeout(Duration::from_secs(5))?;
        let mut target = Connection::open(path)?;
        Backup::new(&source, &mut target)?.run_to_completion(PAGES, PAUSE, None)
    };
    run().map_err(|error| BackupError::Copy { path: file.to_owned(), reason: error.to_string() })
}
