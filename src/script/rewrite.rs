use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

use super::{Imports, RevisionFile, SqlRevision};

/// A change of one existing file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The file.
    pub path: PathBuf,
    /// What it holds now; a file that holds something else by now is left alone.
    pub original: Vec<u8>,
    /// In any order, not overlapping.
    pub replacements: Vec<Replacement>,
    /// Its new path, in an existing folder of the same file system; nothing may be there.
    pub rename_to: Option<PathBuf>,
}

/// Bytes of a file that become others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// In the file; empty: an insertion.
    pub range: Range<usize>,
    /// In the file's own encoding and with its line ends.
    pub bytes: Vec<u8>,
}

/// Why files were not rewritten. All of them are as they were.
#[derive(Debug, Error)]
pub enum RewriteError {
    /// The file system said no.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Someone else was there first.
    #[error("{} has changed in the meantime", .0.display())]
    Changed(PathBuf),
    /// A rename onto a file.
    #[error("{} is there already", .0.display())]
    Taken(PathBuf),
    /// Two changes of the same bytes.
    #[error("two changes of {} overlap", .0.display())]
    Overlap(PathBuf),
}

impl Rewrite {
    /// What the file will hold.
    ///
    /// # Errors
    /// `Overlap`, also for a range outside of the file.
    pub fn rewritten(&self) -> Result<Vec<u8>, RewriteError> {
        let mut replacements: Vec<&Replacement> = self.replacements.iter().collect();
        replacements.sort_by_key(|replacement| (replacement.range.start, replacement.range.end));
        let mut bytes = Vec::with_capacity(self.original.len());
        let mut done = 0;
        for replacement in replacements {
            let kept = self.original.get(done..replacement.range.start);
            bytes.extend_from_slice(kept.ok_or_else(|| RewriteError::Overlap(self.path.clone()))?);
            bytes.extend_from_slice(&replacement.bytes);
            done = replacement.range.end;
        }
        let rest = self.original.get(done..).ok_or_else(|| RewriteError::Overlap(self.path.clone()))?;
        bytes.extend_from_slice(rest);
        Ok(bytes)
    }
}

/// A file that is written beside its place and not yet in it.
struct Prepared<'r> {
    rewrite: &'r Rewrite,
    new: NamedTempFile,
    /// The original, for the way back.
    old: NamedTempFile,
    /// Its SQL files, which take its name: from, to.
    sql: Vec<(PathBuf, PathBuf)>,
}

/// Carries out all changes, or none: everything is written beside the files first, and put back where a rename fails. The SQL files of
/// a revision that gets another name get it, too.
///
/// # Errors
/// See [`RewriteError`].
pub fn rewrite(changes: &[Rewrite]) -> Result<(), RewriteError> {
    let prepared = changes.iter().map(prepare).collect::<Result<Vec<_>, _>>()?;
    let mut done = Vec::with_capacity(prepared.len());
    for Prepared { rewrite, new, old, sql } in prepared {
        let mut moved = Vec::new();
        let result = move_all(sql, &mut moved).and_then(|()| place(rewrite, new));
        done.push((rewrite, old, moved));
        if let Err(error) = result {
            for (rewrite, old, moved) in done {
                put_back(rewrite, old);
                for (from, to) in moved {
                    let _ = fs::rename(to, from);
                }
            }
            return Err(error);
        }
    }
    Ok(())
}

fn prepare(rewrite: &Rewrite) -> Result<Prepared<'_>, RewriteError> {
    let path = &rewrite.path;
    let failed = |source| RewriteError::Write { path: path.clone(), source };
    if let Some(to) = rewrite.rename_to.as_ref().filter(|to| *to != path && to.symlink_metadata().is_ok()) {
        return Err(RewriteError::Taken(to.clone()));
    }
    // A rename would put another file in its place all the same.
    if fs::metadata(path).map_err(failed)?.permissions().readonly() {
        return Err(failed(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only")));
    }
    if fs::read(path).map_err(failed)? != rewrite.original {
        return Err(RewriteError::Changed(path.clone()));
    }
    let new = beside(path, &rewrite.rewritten()?).map_err(failed)?;
    let old = beside(path, &rewrite.original).map_err(failed)?;
    let sql = sql_files(rewrite);
    if let Some((_, taken)) = sql.iter().find(|(_, to)| to.symlink_metadata().is_ok()) {
        return Err(RewriteError::Taken(taken.clone()));
    }
    Ok(Prepared { rewrite, new, old, sql })
}

/// The SQL files of a revision that gets another name, where they are and where they have to be.
fn sql_files(rewrite: &Rewrite) -> Vec<(PathBuf, PathBuf)> {
    let Some(to) = rewrite.rename_to.as_ref().filter(|to| **to != rewrite.path) else { return Vec::new() };
    let file = RevisionFile::parse(&rewrite.path, rewrite.original.clone(), &Imports::new(&[]));
    let Some(from) = SqlRevision::of(&file) else { return Vec::new() };
    let to = SqlRevision::beside(to);
    let files = [(from.up, to.up), (from.down, to.down)].into_iter();
    files.filter(|(from, _)| from.symlink_metadata().is_ok()).collect()
}

fn move_all(files: Vec<(PathBuf, PathBuf)>, moved: &mut Vec<(PathBuf, PathBuf)>) -> Result<(), RewriteError> {
    for (from, to) in files {
        fs::rename(&from, &to).map_err(|source| RewriteError::Write { path: to.clone(), source })?;
        moved.push((from, to));
    }
    Ok(())
}

/// A temporary file in the same folder, with the same permissions.
fn beside(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // The prefix keeps Alembic from loading it, should it be left behind.
    let mut file = tempfile::Builder::new().prefix(".limbec-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(fs::metadata(path)?.permissions())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn place(rewrite: &Rewrite, new: NamedTempFile) -> Result<(), RewriteError> {
    let target = rewrite.rename_to.as_ref().unwrap_or(&rewrite.path);
    let failed = |source| RewriteError::Write { path: target.clone(), source };
    if *target == rewrite.path {
        return new.persist(target).map(drop).map_err(|error| failed(error.error));
    }
    match new.persist_noclobber(target) {
        Ok(_) => fs::remove_file(&rewrite.path).map_err(failed),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(RewriteError::Taken(target.clone())),
        Err(error) => Err(failed(error.error)),
    }
}

/// Undoes [`place`] as far as it came. What fails here cannot be helped: the first failure is the one that is told.
fn put_back(rewrite: &Rewrite, old: NamedTempFile) {
    if let Some(to) = rewrite.rename_to.as_ref().filter(|to| **to != rewrite.path) {
        let is_ours = rewrite.rewritten().is_ok_and(|bytes| fs::read(to).is_ok_and(|there| there == bytes));
        if is_ours {
            let _ = fs::remove_file(to);
        }
    }
    let _ = old.persist(&rewrite.path);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &Path, original: &str, replacements: &[(Range<usize>, &str)], to: Option<&Path>) -> Rewrite {
        let replacements = replacements.iter();
        Rewrite {
            path: path.to_owned(),
            original: original.as_bytes().to_vec(),
            replacements: replacements
                .map(|(range, text)| Replacement { range: range.clone(), bytes: text.as_bytes().to_vec() })
                .collect(),
            rename_to: to.map(Path::to_owned),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn changes_and_renames() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b, c) = (folder.path().join("a.py"), folder.path().join("b.py"), folder.path().join("c.py"));
        fs::write(&a, "one two").unwrap();
        fs::write(&b, "x").unwrap();
        let changes = [
            change(&a, "one two", &[(4..7, "three"), (0..0, "zero ")], None),
            change(&b, "x", &[(1..1, "y")], Some(&c)),
        ];
        rewrite(&changes).unwrap();
        assert_eq!(fs::read_to_string(&a).unwrap(), "zero one three");
        assert_eq!(fs::read_to_string(&c).unwrap(), "xy");
        assert_eq!(names(folder.path()), ["a.py", "c.py"]);
    }

    #[test]
    fn sql_files_take_the_name_of_their_revision() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new, other) = (folder.path().join("a.py"), folder.path().join("b.py"), folder.path().join("c.py"));
        let text = format!("revision = 'a'\ndown_revision = None\n{}", SqlRevision::BODY);
        for (name, text) in [("a.py", &*text), ("a.up.sql", "up"), ("a.down.sql", "down"), ("c.py", "old")] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let renaming = change(&old, &text, &[], Some(&new));
        assert!(
            rewrite(&[renaming.clone(), change(&other, "old", &[], Some(&folder.path().join("no/d.py")))]).is_err()
        );
        assert_eq!(names(folder.path()), ["a.down.sql", "a.py", "a.up.sql", "c.py"]);
        rewrite(&[renaming]).unwrap();
        assert_eq!(names(folder.path()), ["b.down.sql", "b.py", "b.up.sql", "c.py"]);
        fs::write(folder.path().join("d.up.sql"), "other").unwrap();
        let taken = rewrite(&[change(&new, &text, &[], Some(&folder.path().join("d.py")))]);
        assert!(matches!(taken, Err(RewriteError::Taken(path)) if path.ends_with("d.up.sql")));
        assert_eq!(fs::read_to_string(folder.path().join("b.up.sql")).unwrap(), "up");
    }

    #[test]
    fn one_failure_undoes_all() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b, c) = (folder.path().join("a.py"), folder.path().join("b.py"), folder.path().join("c.py"));
        for path in [&a, &b] {
            fs::write(path, "old").unwrap();
        }
        let first = change(&a, "old", &[(0..3, "new")], Some(&c));
        let stale = change(&b, "other", &[], None);
        assert!(matches!(rewrite(&[first.clone(), stale]), Err(RewriteError::Changed(path)) if path == b));
        let taken = change(&b, "old", &[], Some(&c));
        assert!(matches!(rewrite(&[first.clone(), taken]), Err(RewriteError::Taken(path)) if path == c));
        let overlap = change(&b, "old", &[(0..2, ""), (1..3, "")], None);
        assert!(matches!(rewrite(&[first, overlap]), Err(RewriteError::Overlap(_))));
        assert_eq!(names(folder.path()), ["a.py", "b.py"]);
        assert_eq!(fs::read_to_string(&a).unwrap(), "old");
    }
}
