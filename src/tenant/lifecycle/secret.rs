use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tempfile::NamedTempFile;

use super::LifecycleError;
use crate::database::Password;

/// The password in a secret file; `None` where there is no file.
pub(super) fn read(path: &Path) -> Result<Option<Password>, LifecycleError> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().is_empty() => Err(fault("read", path, "it is empty")),
        Ok(text) => Ok(Some(Password::new(text.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault("read", path, error)),
    }
}

/// Writes a new file, readable for its owner alone, which is there only when it is complete; an existing one is left alone.
pub(super) fn write_new(path: &Path, password: &Password) -> Result<(), LifecycleError> {
    let file = written(path, password).map_err(|error| fault("write", path, error))?;
    file.persist_noclobber(path).map_err(|error| fault("write", path, error.error))?;
    sync_folder(path).map_err(|error| fault("write", path, error))
}

/// Replaces the file's content at once.
pub(super) fn replace(path: &Path, password: &Password) -> Result<(), LifecycleError> {
    let file = written(path, password).map_err(|error| fault("write", path, error))?;
    file.persist(path).map_err(|error| fault("write", path, error.error))?;
    sync_folder(path).map_err(|error| fault("write", path, error))
}

/// Removes the file. Whether it was there.
pub(super) fn remove(path: &Path) -> Result<bool, LifecycleError> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault("remove", path, error)),
    }
}

fn written(path: &Path, password: &Password) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Made with mode 0600.
    let mut file = tempfile::Builder::new().prefix(".limbec-secret-").tempfile_in(folder)?;
    writeln!(file, "{}", password.expose())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn fault(what: &'static str, path: &Path, reason: impl ToString) -> LifecycleError {
    LifecycleError::File { what, path: path.to_owned(), reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_its_owners_alone_and_never_overwritten_in_silence() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/acme");
        assert_eq!(read(&path).unwrap(), None);
        write_new(&path, &Password::new("first")).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        let error = write_new(&path, &Password::new("second")).unwrap_err().to_string();
        assert!(error.contains("File exists") && !error.contains("second"), "{error}");
        assert_eq!(read(&path).unwrap(), Some(Password::new("first")));
        replace(&path, &Password::new("third")).unwrap();
        assert_eq!(read(&path).unwrap(), Some(Password::new("third")));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(remove(&path).unwrap() && !remove(&path).unwrap());
        std::fs::write(&path, " \n").unwrap();
        assert!(read(&path).unwrap_err().to_string().ends_with("it is empty"));
        assert!(write_new(Path::new("/proc/none/acme"), &Password::new("x")).is_err());
    }
}
