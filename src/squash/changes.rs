use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{SquashError, is_leftover};

/// A file that goes into the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// Where it is.
    pub from: PathBuf,
    /// Its new place.
    pub to: PathBuf,
}

/// What a squash does to the files.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// The folder that is made.
    pub archive: PathBuf,
    /// Files that go there, byte for byte as they are.
    pub moved: Vec<Moved>,
    /// New files of the archive.
    pub archived: Vec<(PathBuf, Vec<u8>)>,
    /// Files that are written anew in this order, in place of what is there. The last one makes the squash: before, the history is
    /// as it was, and afterwards old files are left over.
    pub written: Vec<(PathBuf, Vec<u8>)>,
}

/// What was there before.
struct Former {
    path: PathBuf,
    bytes: Option<Vec<u8>>,
}

impl Changes {
    /// Does all of it, or nothing: everything is written beside its place first, and put back where something fails.
    ///
    /// # Errors
    /// An archive that is there already, or a file system that says no.
    pub fn carry_out(&self) -> Result<(), SquashError> {
        if self.archive.symlink_metadata().is_ok() {
            let originals: Vec<PathBuf> = self.moved.iter().map(|moved| moved.from.clone()).collect();
            if !is_leftover(&self.archive, &originals) {
                return Err(SquashError::Taken(self.archive.clone()));
            }
            fs::remove_dir_all(&self.archive).map_err(SquashError::file("remove", &self.archive))?;
        }
        let written: Vec<Former> = self.written.iter().map(|(path, _)| former(path)).collect::<Result<_, _>>()?;
        let gone = self.moved.iter().map(|moved| &moved.from);
        let gone: Vec<&PathBuf> = gone.filter(|from| !self.written.iter().any(|(path, _)| path == *from)).collect();
        let removed: Vec<Former> = gone.iter().map(|path| former(path)).collect::<Result<_, _>>()?;
        let prepared = self.prepare()?;
        let outcome = self.place(prepared, &gone);
        if outcome.is_err() {
            for former in written.iter().chain(&removed) {
                put_back(former);
            }
            // What fails here cannot be helped: the first failure is the one that is told.
            let _ = fs::remove_dir_all(&self.archive);
        }
        outcome
    }

    /// The archive under another name, and the new files beside their places.
    fn prepare(&self) -> Result<(TempDir, Vec<tempfile::NamedTempFile>), SquashError> {
        let parent = self.archive.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(SquashError::file("make the folder", parent))?;
        let folder = tempfile::Builder::new().prefix(".limbec-").tempdir_in(parent);
        let folder = folder.map_err(SquashError::file("write into", parent))?;
        let inside = |path: &Path| folder.path().join(path.file_name().unwrap_or_default());
        for Moved { from, to } in &self.moved {
            fs::copy(from, inside(to)).map_err(SquashError::file("copy", from))?;
        }
        for (path, bytes) in &self.archived {
            fs::write(inside(path), bytes).map_err(SquashError::file("write", path))?;
        }
        let written =
            self.written.iter().map(|(path, bytes)| beside(path, bytes).map_err(SquashError::file("write", path)));
        Ok((folder, written.collect::<Result<_, _>>()?))
    }

    fn place(
        &self,
        (folder, written): (TempDir, Vec<tempfile::NamedTempFile>),
        gone: &[&PathBuf],
    ) -> Result<(), SquashError> {
        let made = folder.keep();
        fs::set_permissions(&made, std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .and_then(|()| fs::rename(&made, &self.archive))
            .map_err(|error| {
                let _ = fs::remove_dir_all(&made);
                SquashError::file("make", &self.archive)(error)
            })?;
        for (file, (path, _)) in written.into_iter().zip(&self.written) {
            file.persist(path).map_err(|error| SquashError::file("write", path)(error.error))?;
        }
        // The latest revisions first: should this be killed, every revision that is left finds those that it builds on.
        for path in gone.iter().rev() {
            fs::remove_file(path).map_err(SquashError::file("remove", *path))?;
        }
        Ok(())
    }
}

fn former(path: &Path) -> Result<Former, SquashError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(SquashError::file("read", path)(error)),
    };
    if fs::metadata(path).is_ok_and(|metadata| metadata.permissions().readonly()) {
        let error = std::io::Error::new(std::io::ErrorKind::PermissionDenied, "the file is read-only");
        return Err(SquashError::file("write", path)(error));
    }
    Ok(Former { path: path.to_owned(), bytes })
}

fn put_back(former: &Former) {
    let Former { path, bytes } = former;
    match bytes {
        Some(bytes) if fs::read(path).ok().as_ref() != Some(bytes) => drop(fs::write(path, bytes)),
        Some(_) => {}
        None => drop(fs::remove_file(path)),
    }
}

/// A temporary file in the same folder; as for any new file, the umask takes its share of the permissions.
fn beside(path: &Path, bytes: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    // The prefix keeps Alembic from loading it, should it be left behind.
    let mut file =
        tempfile::Builder::new().prefix(".limbec-").suffix(".tmp").permissions(permissions).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let walk = walkdir(folder);
        let mut names: Vec<String> =
            walk.into_iter().map(|path| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn walkdir(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] }).collect()
    }

    fn changes(root: &Path) -> Changes {
        for name in ["a.py", "b.py", "c.py"] {
            fs::write(root.join(name), name).unwrap();
        }
        let archive = root.join("squashed/b");
        let moved = |name: &str| Moved { from: root.join(name), to: archive.join(name) };
        Changes {
            moved: vec![moved("a.py"), moved("b.py")],
            archived: vec![(archive.join("alembic.ini"), b"[alembic]\n".to_vec())],
            written: vec![(root.join("b.py"), b"baseline".to_vec())],
            archive,
        }
    }

    #[test]
    fn files_move_and_the_baseline_takes_their_place() {
        let root = tempfile::tempdir().unwrap();
        changes(root.path()).carry_out().unwrap();
        assert_eq!(
            names(root.path()),
            ["b.py", "c.py", "squashed/b/a.py", "squashed/b/alembic.ini", "squashed/b/b.py"]
        );
        assert_eq!(fs::read_to_string(root.path().join("b.py")).unwrap(), "baseline");
        assert_eq!(fs::read_to_string(root.path().join("squashed/b/b.py")).unwrap(), "b.py");
    }

    #[test]
    fn one_failure_undoes_all() {
        let root = tempfile::tempdir().unwrap();
        let mut failing = changes(root.path());
        failing.written.push((root.path().join("nowhere/limbec.lock"), Vec::new()));
        assert!(matches!(failing.carry_out(), Err(SquashError::File { .. })));
        assert_eq!(names(root.path()), ["a.py", "b.py", "c.py"]);
        assert_eq!(fs::read_to_string(root.path().join("b.py")).unwrap(), "b.py");
        let taken = changes(root.path());
        fs::create_dir_all(&taken.archive).unwrap();
        fs::write(taken.archive.join("a.py"), "another").unwrap();
        assert!(matches!(taken.carry_out(), Err(SquashError::Taken(_))));
    }
}
